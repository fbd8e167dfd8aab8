"""Every notebook runs from a fresh kernel and prints what it is committed with."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from tests.conftest import ROOT
from tools.notebooks import execute

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
STEMS = {1: "tokenizer", 2: "embedding", 3: "layer_norm", 4: "rotary", 5: "attention", 6: "mlp", 7: "model", 8: "cache",
         9: "sampler", 10: "checkpoint", 11: "training"}


def texts(notebook: nbformat.NotebookNode) -> list[str]:
    """What each code cell prints, stream and result alike."""
    return ["".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)
            for cell in notebook.cells if cell.cell_type == "code"]


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")  # of the kernel's own libraries
def test_it_runs_and_prints_what_is_committed(path: Path) -> None:
    assert texts(execute(path)) == texts(read(path))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_form(path: Path) -> None:
    notebook = read(path)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert code[0] == next(cell.source for cell in read(NOTEBOOKS[0]).cells if cell.cell_type == "code")
    assert len(code) <= 25
    assert prose[0].startswith("# ")
    for text in prose:
        assert "<summary>日本語</summary>" in text, text[:60]
        english, japanese = text.split("<summary>日本語</summary>", 1)
        assert re.search("[A-Za-z]{3}", english)
        assert re.search("[ぁ-ん]", japanese)
    assert path.stat().st_size < 300_000
    assert not re.search(r"^(?:from|import) (?:torch|transformers|matplotlib)", "\n".join(code), re.MULTILINE)


def test_there_is_one_for_every_stem() -> None:
    assert [path.stem for path in NOTEBOOKS] == [f"{i:02}_{stem}" for i, stem in STEMS.items()]
    assert json.loads(NOTEBOOKS[0].read_text(encoding="utf-8"))["nbformat"] == 4
