"""The course: every notebook runs and prints what it is committed with, and keeps its form."""

import ast
import re
import time
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from neoxja_np import learn
from neoxja_np.learn import check
from tests.conftest import ROOT
from tools.notebooks import execute, texts

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
STEMS = {0: "tour", 1: "tokenizer", 2: "embedding", 3: "layer_norm", 4: "rotary", 5: "attention", 6: "mlp", 7: "model",
         8: "cache", 9: "sampler", 10: "checkpoint", 11: "training", 12: "oracle", 13: "inside"}
FOLD = "<details><summary>日本語</summary>"
# A notebook's own way through its idea, from the picture to practice.
HEADINGS = ["The picture", "The package's own code", "Break it on purpose", "Exercise 1", "In practice"]


@cache
def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def sources(path: Path, kind: str) -> list[str]:
    return [cell.source for cell in read(path).cells if cell.cell_type == kind]


every = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@every
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")  # of the kernel's own libraries
def test_it_runs_and_prints_what_is_committed(path: Path) -> None:
    start = time.perf_counter()
    printed = texts(execute(path))
    assert time.perf_counter() - start < 60
    assert printed == texts(read(path))


def test_there_is_one_for_every_stem() -> None:
    assert [path.stem for path in NOTEBOOKS] == [f"{i:02}_{stem}" for i, stem in STEMS.items()]


@every
def test_both_languages_in_every_text_cell(path: Path) -> None:
    for text in sources(path, "markdown"):
        assert text.count(FOLD) == 1, text[:60]
        english, japanese = text.split(FOLD)
        assert re.search("[A-Za-z]{3}", english)
        assert re.search("[ぁ-ん]", japanese)
        assert len(re.findall("[ぁ-んァ-ン]", english)) < len(re.findall("[ぁ-んァ-ン]", japanese)), text[:60]
        assert re.search(r"^#+ ", english, re.MULTILINE) is None or re.match(r"\s*\*\*.+\*\*\n", japanese), text[:60]
        assert text.count("<details>") == text.count("</details>") == text.count("<summary>")


@every
def test_its_form(path: Path) -> None:
    code = sources(path, "code")
    assert code[0] == sources(NOTEBOOKS[0], "code")[0]
    assert len([cell for cell in code if "check." not in cell]) <= 25
    assert path.stat().st_size < 300_000
    foreign = r"^\s*(?:from|import) (?:torch|transformers|matplotlib|tools|tests)"
    assert not re.search(foreign, "\n".join(code), re.MULTILINE)


@every
def test_headings_are_in_order(path: Path) -> None:
    prose = re.sub("```.*?```", "", "\n".join(sources(path, "markdown")), flags=re.DOTALL)
    lines = [line for line in prose.splitlines() if line.startswith("#")]
    assert re.fullmatch(rf"# {path.stem[:2]} · [A-Z].*[^.]", lines[0])
    assert all(line.startswith("## ") for line in lines[1:]), lines
    titles = [line.removeprefix("## ").split(":")[0] for line in lines[1:]]
    assert len(set(titles)) == len(titles)
    at = [titles.index(heading) for heading in HEADINGS]
    assert at == sorted(at), titles
    exercises = [title for title in titles if title.startswith("Exercise")]
    assert exercises == [f"Exercise {i + 1}" for i in range(len(exercises))]
    assert "**Further reading**" in sources(path, "markdown")[-1]


@every
def test_what_it_names_is_there(path: Path) -> None:
    stems = {f"{i:02}" for i in STEMS}
    for text in sources(path, "markdown"):
        for file in re.findall(r"`((?:neoxja_np|docs|weights|notebooks|tools|tests)/[\w./-]+)`", text):
            assert (ROOT / file).exists(), file
        for link in re.findall(r"\]\(([^)]+)\)", text):
            assert link.startswith("https://") or (path.parent / link).exists(), link
        assert "http://" not in text
        for named in re.findall(r"(?:[Nn]otebooks?|ノートブック) ?\d\d\b(?:(?:, | and | to |、| から | と )\d\d\b)*",
                                text):
            assert {*re.findall(r"\d\d", named)} <= stems, named


@every
def test_every_picture_has_its_words(path: Path) -> None:
    for cell in read(path).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                assert len(output["data"]["text/plain"]) > 20
                assert output["metadata"]["image/png"]["alt"] == output["data"]["text/plain"]
            if "text/html" in output.get("data", {}):
                assert output["data"]["text/plain"]


# ---- exercises ----

EXERCISE = re.compile(r"check\.(\w+)\(mine\)")


def imports(path: Path) -> str:
    """What a notebook imports, as the code that does."""
    return "".join(line for cell in sources(path, "code") for line in only(cell, (ast.Import, ast.ImportFrom)))


def only(code: str, kind: Any) -> list[str]:
    """The statements of one kind."""
    return [ast.unparse(node) + "\n" for node in ast.parse(code).body if isinstance(node, kind)]


@every
def test_its_exercises(path: Path) -> None:
    """Each of the stem's exercises stands there: text with hint and solution in both languages, then a stub."""
    stem = getattr(learn, path.stem[3:])
    expected = {name for name, each in vars(stem).items() if isinstance(each, learn.Exercise)}
    cells = read(path).cells
    asked = []
    for text, code in pairwise(cells):
        if not (found := EXERCISE.search(code.source)) or code.cell_type != "code":
            continue
        asked.append(getattr(check, found[1]))
        assert re.match(rf"## Exercise {len(asked)}: ", text.source)
        english, japanese = text.source.split(FOLD)
        assert re.search(r"Difficulty [123] of 3, \d+ minutes\. ", english)
        assert re.search(rf"\*\*練習問題 {len(asked)}：.+\*\*\n\n難しさは 3 段階の [123]、", japanese)
        assert re.search(r"目安は \d+ 分です。", japanese)
        assert "<summary>Hint</summary>" in english
        assert "<summary>ヒント</summary>" in japanese
        solutions = [re.findall("```python\n(.*?)```", each, re.DOTALL) for each in (english, japanese)]
        assert solutions[0] == solutions[1]
        assert len(solutions[0]) == 1
        names: dict[str, Any] = {}
        exec(imports(path) + "".join(only(solutions[0][0], ast.FunctionDef)), names)
        assert asked[-1](names["mine"])
        assert "not written yet" in texts(nbformat.v4.new_notebook(cells=[code]))[0]
    assert {exercise.name for exercise in asked} == {vars(stem)[name].name for name in expected}
    assert len(asked) == len(expected)
    assert 2 <= len(asked) <= 4


# ---- nothing of the package is retyped ----

def nameless(node: ast.FunctionDef) -> str:
    """The body of a function, without its docstring and whatever its names are called."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    text = "\n".join(ast.dump(statement) for statement in body)
    names = dict.fromkeys(re.findall(r"(?:id|arg)='(\w+)'", text))  # in the order of their first use
    numbers = {name: str(number) for number, name in enumerate(names)}
    return re.sub(r"(id|arg)='(\w+)'", lambda hit: f"{hit[1]}={numbers[hit[2]]}", text)


def functions(source: str) -> set[str]:
    """The functions of a source, as nameless() gives them."""
    return {nameless(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}


def long_runs(source: str, size: int = 3) -> set[tuple[str, ...]]:
    """Every run of `size` lines that say something, one after another."""
    lines = [line.strip() for line in source.splitlines()]
    lines = [line for line in lines if len(line) > 12 and not line.startswith(("from ", "import ", "#", '"""'))]
    return {tuple(lines[i:i + size]) for i in range(len(lines) - size + 1)}


PACKAGE = [path.read_text(encoding="utf-8") for path in (ROOT / "neoxja_np").rglob("*.py") if "learn" not in path.parts]
BODIES = {body for source in PACKAGE for body in functions(source) if len(body) > 300}
RUNS = {run for source in PACKAGE for run in long_runs(source)}


@every
def test_no_source_of_the_package_is_retyped(path: Path) -> None:
    for cell in sources(path, "code"):
        assert not BODIES & functions(cell), cell
        assert not RUNS & long_runs(cell), cell


def test_retyping_would_be_seen() -> None:
    source = (ROOT / "neoxja_np" / "layers" / "rotary.py").read_text(encoding="utf-8")
    assert BODIES & functions(source.replace("cos", "c"))
    assert RUNS & long_runs(source)
