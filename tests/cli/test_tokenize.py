"""neoxja tokenize, in a terminal and elsewhere."""

import json
import os
import subprocess
import sys

import pytest
from neoxja_np import GPTNeoXJapaneseTokenizer
from neoxja_np.cli import main
from neoxja_np.views import TokenView

TEXT = "慶應の 猫é😀"


def pretend_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((40, 24)))
    monkeypatch.delenv("NO_COLOR", raising=False)


def view() -> TokenView:
    return TokenView(GPTNeoXJapaneseTokenizer.from_pretrained("random-ja").explain(TEXT))


def test_colours_in_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pretend_a_terminal(monkeypatch)
    assert main(["tokenize", TEXT, "--model", "random-ja"]) == 0
    out = capsys.readouterr().out
    assert out == view().to_text(columns=40, colored=True) + "\n"
    assert "\x1b[" in out


@pytest.mark.parametrize(("value", "colored"), [("1", False), ("", True)])
def test_no_color(
        value: str, colored: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pretend_a_terminal(monkeypatch)
    monkeypatch.setenv("NO_COLOR", value)  # set and empty counts as not set, as no-color.org says
    assert main(["tokenize", TEXT, "--model", "random-ja"]) == 0
    assert capsys.readouterr().out == view().to_text(columns=40, colored=colored) + "\n"


def test_plain_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokenize", TEXT, "--model", "random-ja"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert [line.split("\t")[1] for line in out.splitlines()] == view().choices[0].tokens + [
        token for choice in view().choices[1:] for token in choice.tokens]


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokenize", TEXT, "--model", "random-ja", "--json", "--profile", "original"]) == 0
    record = json.loads(capsys.readouterr().out)
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained("random-ja", profile="original")
    encoding = tokenizer(TEXT, return_offsets_mapping=True)
    assert record == {"text": TEXT, "profile": "original", "ids": encoding.input_ids,
                      "tokens": tokenizer.tokenize(TEXT),
                      "offsets": [list(span) for span in encoding["offset_mapping"]]}


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokenize", TEXT, "--model", "random-ja", "--explain"]) == 0
    out = capsys.readouterr().out
    assert out == str(GPTNeoXJapaneseTokenizer.from_pretrained("random-ja").explain(TEXT)) + "\n"
    assert "(UTF-8 bytes)" in out


def test_standard_input_as_it_is() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "neoxja_np", "tokenize", "-", "--json", "--model", "random-ja"]
    found = subprocess.run(command, input="猫\r\nあ".encode(), capture_output=True, check=True, env=environment)
    assert json.loads(found.stdout)["text"] == "猫\r\nあ"
    found = subprocess.run(command, input="猫".encode("cp932"), capture_output=True, check=False, env=environment)
    assert found.returncode == 1
    assert found.stderr.decode() == "neoxja: standard input is not UTF-8: byte 0x94 at 0\n"


def test_json_with_the_choices(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokenize", "である慶應", "--model", "random-ja", "--json", "--explain"]) == 0
    choices = json.loads(capsys.readouterr().out)["choices"]
    assert [choice["source"] for choice in choices] == ["であ", "る", "慶應"]
    assert choices[0]["candidates"] == [["である", 32], ["であ", 31], ["で", 161]]
    assert choices[0]["rule"] == "lowest id"
