"""The notebooks copied out: complete, in one language, and over nobody's work."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from neoxja_np.cli import main
from neoxja_np.learn import course
from neoxja_np.learn.course import in_voice, notebooks, one_voice, write_course
from tests.conftest import ROOT

CELL = """## Exercise 1

Why?

<details><summary>Solution</summary>

Because.

</details>

<details><summary>日本語</summary>

**練習問題 1**

なぜでしょうか。**大切**です。

<details><summary>解答</summary>

だからです。

</details>

</details>"""


def test_a_cell_in_one_language() -> None:
    assert in_voice(CELL, "en") == CELL.split("\n\n<details><summary>日本語")[0]
    assert in_voice(CELL, "ja") == ("## 練習問題 1\n\nなぜでしょうか。**大切**です。\n\n"
                                    "<details><summary>解答</summary>\n\nだからです。\n\n</details>")
    assert in_voice("Only English.", "ja") == "Only English."
    assert in_voice("No heading.\n\n<details><summary>日本語</summary>\n\n**太字**の文です。\n\n</details>", "ja") == (
        "**太字**の文です。")


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_every_notebook_in_each_language(path: Path) -> None:
    both = json.loads(path.read_text(encoding="utf-8"))
    for lang in ("en", "ja"):
        one = one_voice(both, lang)
        nbformat.validate(nbformat.from_dict(one))
        assert len(one["cells"]) == len(both["cells"])
        for cell, original in zip(one["cells"], both["cells"], strict=True):
            if cell["cell_type"] == "code":
                assert cell == original
                continue
            text = "".join(cell["source"])
            assert text.count("<details>") == text.count("</details>")
            assert bool(re.search("[ぁ-ん]", re.sub("`[^`]*`|「[^」]*」|\\*[^*]*\\*", "", text))) or lang == "en", text
            first = "".join(original["source"])
            if match := re.match(r"#+ ", first):
                assert text.startswith(match[0]), text[:60]
        assert "<summary>日本語</summary>" not in json.dumps(one, ensure_ascii=False)


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["course"]) == 0
    said = capsys.readouterr().out
    assert "jupyter lab neoxja-course" in said
    names = [path.name for path in notebooks()]
    assert sorted(path.name for path in Path("neoxja-course").iterdir()) == names
    for name in names:
        assert (Path("neoxja-course") / name).read_bytes() == (ROOT / "notebooks" / name).read_bytes()
    assert main(["course", "日本語", "--lang", "ja"]) == 0
    assert "jupyter lab 日本語" in capsys.readouterr().out
    (tmp_path / "日本語" / names[0]).write_text("my answers", encoding="utf-8")
    (tmp_path / "日本語" / names[1]).unlink()
    assert main(["course", "日本語"]) == 1
    assert "exists, and may hold answers" in capsys.readouterr().err
    assert (tmp_path / "日本語" / names[0]).read_text(encoding="utf-8") == "my answers"
    assert not (tmp_path / "日本語" / names[1]).exists()


def test_an_installation_without_notebooks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(course, "PLACES", (tmp_path,))
    with pytest.raises(FileNotFoundError, match="no notebooks"):
        write_course(tmp_path / "out")
