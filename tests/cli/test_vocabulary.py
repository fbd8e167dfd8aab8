"""neoxja vocabulary learn."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from neoxja_np import GPTNeoXJapaneseTokenizer
from neoxja_np.cli import main
from neoxja_np.tokenizer.learn import LEAST, learn_rows
from tests.tokenizer.test_learn import LINES

SIZE = str(LEAST + 60)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "corpus.txt").write_text("".join(LINES), "utf-8")
    return tmp_path / "corpus.txt"


def test_it_writes_a_folder_that_loads(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vocabulary", "learn", str(corpus), "--size", SIZE, "-o", str(tmp_path / "made")]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"{tmp_path / 'made'}: {SIZE} rows: ")
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained(tmp_path / "made")
    assert tokenizer.vocabulary.rows == learn_rows(LINES, int(SIZE))
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == [
        "emoji.json", "tokenizer_config.json", "vocab.txt"]


def test_the_same_text_gives_the_same_files(corpus: Path, tmp_path: Path) -> None:
    """Whatever Python's hash seed is, and however the text is cut into files at its line ends."""
    (tmp_path / "one.txt").write_text("".join(LINES[2:]), "utf-8")
    (tmp_path / "two.txt").write_text("".join(LINES[:2]), "utf-8")
    made = []
    for seed, files in (("1", ["corpus.txt"]), ("2", ["corpus.txt"]), ("3", ["one.txt", "two.txt"])):
        command = [sys.executable, "-m", "neoxja_np", "vocabulary", "learn", *files]
        subprocess.run([*command, "--size", SIZE, "-o", f"v{seed}"], cwd=tmp_path, check=True,
                       env={**os.environ, "PYTHONHASHSEED": seed})
        made.append({path.name: path.read_bytes() for path in (tmp_path / f"v{seed}").iterdir()})
    assert made[0] == made[1] == made[2]


def test_what_cannot_be_done_leaves_nothing_behind(
        corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.txt").write_bytes("猫".encode("cp932"))
    for arguments, message in (
            ([str(tmp_path), "--size", SIZE], "is a folder; give its files, such as"),
            ([str(corpus), "none.txt", "--size", SIZE], "neoxja: there is no file 'none.txt'"),
            ([str(tmp_path / "bad.txt"), "--size", SIZE], "bad.txt is not UTF-8: byte 0x94 at 0"),
            ([str(corpus), "--size", "9999"], "fewer than 9999; give more text, of more kinds, or a smaller size")):
        assert main(["vocabulary", "learn", *arguments, "-o", str(tmp_path / "made")]) == 1
        assert message in capsys.readouterr().err
        assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(("arguments", "message"), [
    (["a.txt", "-o", "x"], "--size"), (["a.txt", "--size", SIZE], "-o/--output"),
    (["a.txt", "--size", "10", "-o", "x"], f"expected a whole number, {LEAST} or more, got '10'"),
])
def test_wrong_usage_exits_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["vocabulary", "learn", *arguments])
    assert caught.value.code == 2
    assert message in capsys.readouterr().err
