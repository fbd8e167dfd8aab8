"""tools.notebooks: what it compares, and when it writes."""

import sys
from pathlib import Path

import nbformat
import pytest

from tools import notebooks

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")  # of the kernel's own


def test_it_compares_and_writes_only_when_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "notebooks" / "00_one.ipynb"
    path.parent.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(1 + 1)")]), path)
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["notebooks"])
    before = path.read_bytes()
    with pytest.raises(SystemExit, match="00_one: look at it with --write"):
        notebooks.main()
    assert path.read_bytes() == before
    assert "prints something else" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["notebooks", "00_one", "--write"])
    notebooks.main()
    assert notebooks.texts(nbformat.read(path, as_version=4)) == ["2\n"]
    monkeypatch.setattr(sys, "argv", ["notebooks"])
    notebooks.main()
    assert capsys.readouterr().out.splitlines()[-1].endswith("as committed")
    monkeypatch.setattr(notebooks, "LIMIT", 0)
    with pytest.raises(SystemExit, match="more than ten minutes"):
        notebooks.main()
