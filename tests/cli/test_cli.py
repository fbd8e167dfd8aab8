"""The command, as a user calls it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from neoxja_np import GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer
from neoxja_np.cli import main

PROMPT = "人とAIが協調するためには、"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "neoxja_np", *arguments], capture_output=True, check=False,
                          env={**os.environ, **environment})


def test_generate_is_generate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", PROMPT, "--max-new-tokens", "9"]) == 0
    model = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja")
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained("random-ja")
    ids = model.generate(tokenizer(PROMPT, return_tensors="np").input_ids, max_new_tokens=9)
    assert capsys.readouterr().out == tokenizer.decode(ids[0]) + "\n"


def test_a_seed_gives_the_same_text(capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for seed in ("1", "1", "2"):
        assert main(["generate", PROMPT, "--sample", "--seed", seed, "--temperature", "0.9", "--top-k", "30",
                     "--top-p", "0.9"]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] != texts[2]


def test_the_text_streams_and_never_half_a_character(
        tmp_path: Path, random_ja: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained("random-ja")
    tokens = [*tokenizer.encode("한글é猫"), tokenizer.eos_token_id]
    monkeypatch.setattr(GPTNeoXJapaneseForCausalLM, "stream", lambda *_a, **_k: (np.array([i]) for i in tokens))
    pieces: list[str] = []
    monkeypatch.setattr(sys.stdout, "write", pieces.append)
    assert main(["generate", "あ"]) == 0
    assert "".join(pieces) == "あ한글é猫\n"
    assert not any("\ufffd" in piece for piece in pieces)
    assert [piece for piece in pieces if piece.strip()] == ["あ", "한", "글", "é", "猫"]


def test_tokenize(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokenize", "慶應 a,é"]) == 0
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained("random-ja")
    tokens = ["慶應", "<SP>", "a", "<|byte44|>", "<|byte195|>", "<|byte169|>"]
    lines = [f"{tokenizer.convert_tokens_to_ids(token)}\t{token}" for token in tokens]
    assert capsys.readouterr().out.splitlines() == lines
    assert main(["tokenize", ",", "--profile", "original"]) == 0
    assert capsys.readouterr().out.endswith("\t,\n")


def test_inspect(capsys: pytest.CaptureFixture[str], random_ja: Path) -> None:
    assert main(["inspect", str(random_ja)]) == 0
    out = capsys.readouterr().out
    assert "gpt_neox_japanese.layers.2.attention.dense_bias              F32   64\n" in out
    count = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja").num_parameters()
    assert f"29 tensors, {count:,} parameters" in out
    assert f"{count * 4 / 1e9:10.3f} GB as float32" in out


def test_inspect_reads_no_weights(tmp_path: Path, random_ja: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(random_ja, tmp_path / "m")
    with (tmp_path / "m" / "model.safetensors").open("r+b") as file:
        file.seek(8000)
        file.write(b"\xff" * 400_000)  # NaN, which loading would refuse
    assert main(["inspect", str(tmp_path / "m")]) == 0
    assert main(["generate", "あ", "--model", str(tmp_path / "m")]) == 1
    assert "not finite" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "message"), [
    (["generate", ""], "neoxja: the prompt is empty: give at least one character to go on from"),
    (["generate", "あ", "--model", "none"], "neoxja: there is no model folder 'none'"),
    (["generate", "あ", "--model", "abeja/gpt-neox-japanese-2.7b"],
     "hf download abeja/gpt-neox-japanese-2.7b --revision refs/pr/3 --local-dir gpt-neox-japanese-2.7b"),
    (["generate", "あ", "--max-new-tokens", "256"], "neoxja: 257 tokens do not fit into the context of 256"),
    (["inspect", "none"], "neoxja: there is no model folder 'none'"),
    (["tokenize", "\udce3"], "neoxja: the text holds a lone surrogate, U+DCE3 at 0"),
])
def test_what_cannot_be_done_is_said_and_exits_1(
        arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(("arguments", "message"), [
    ([], "the following arguments are required: VERB"), (["speak"], "invalid choice: 'speak'"),
    (["generate"], "PROMPT"),
    (["generate", "あ", "--temperature", "1"], "--temperature needs --sample"),
    (["generate", "あ", "--seed", "1"], "--seed needs --sample"),
    (["generate", "あ", "--sample", "--temperature", "0"], "expected a number above 0, got '0'"),
    (["generate", "あ", "--sample", "--top-k", "x"], "expected 0 (off) or more, got 'x'"),
    (["generate", "あ", "--sample", "--top-p", "1.5"], "expected a number from 0 to 1, got '1.5'"),
    (["generate", "あ", "--max-new-tokens", "0"], "expected a whole number above 0, got '0'"),
    (["tokenize", "あ", "--profile", "x"], "invalid choice: 'x'"),
])
def test_wrong_usage_exits_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["generate", "--help"], ["--version"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 0
    assert "neoxja-np 0." in capsys.readouterr().out


def test_utf8_whatever_the_system_says() -> None:
    result = run("tokenize", "猫", PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C.UTF-8")
    assert result.returncode == 0
    assert result.stdout.decode("utf-8").endswith("\t猫\n")


def test_notes_go_to_stderr(tmp_path: Path, random_ja: Path) -> None:
    shutil.copytree(random_ja, tmp_path / "m")
    config = json.loads((tmp_path / "m" / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "m" / "config.json").write_text(json.dumps({**config, "tie_word_embeddings": True}), encoding="utf-8")
    result = run("generate", "あ", "--max-new-tokens", "1", "--model", str(tmp_path / "m"))
    assert result.returncode == 0
    assert "not tied: embed_out.weight is stored and differs" in result.stderr.decode()
    assert result.stdout.decode().startswith("あ")


def test_an_interruption_exits_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_args: object, **_rest: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(GPTNeoXJapaneseForCausalLM, "from_pretrained", interrupted)
    assert main(["generate", "あ"]) == 130


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = f"{sys.executable} -m neoxja_np inspect random-ja | head -n 1; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    assert (result.returncode, result.stderr) == (0, b"")
