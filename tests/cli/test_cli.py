"""The command, as a user calls it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from neoxja_np import GPTNeoXJapaneseConfig, GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer
from neoxja_np.cli import main
from neoxja_np.cli.inspect import readable
from neoxja_np.weights import initial_weights

RANDOM = ["--model", "random-ja"]
PROMPT = "人とAIが協調するためには、"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "neoxja_np", *arguments], capture_output=True, check=False,
                          env={**os.environ, **environment})


def test_generate_is_generate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", PROMPT, *RANDOM, "--max-new-tokens", "9"]) == 0
    model = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja")
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained("random-ja")
    ids = model.generate(tokenizer(PROMPT, return_tensors="np").input_ids, max_new_tokens=9)
    assert capsys.readouterr().out == tokenizer.decode(ids[0]) + "\n"


def test_a_seed_gives_the_same_text(capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for seed in ("1", "1", "2"):
        assert main(["generate", PROMPT, *RANDOM, "--sample", "--seed", seed, "--temperature", "0.9", "--top-k", "30",
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
    assert main(["generate", "あ", *RANDOM]) == 0
    assert "".join(pieces) == "あ한글é猫\n"
    assert not any("\ufffd" in piece for piece in pieces)
    assert [piece for piece in pieces if piece.strip()] == ["あ", "한", "글", "é", "猫"]


def test_a_character_that_was_begun_is_not_lost(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    tokens = GPTNeoXJapaneseTokenizer.from_pretrained("random-ja").encode("한")[:2]
    monkeypatch.setattr(GPTNeoXJapaneseForCausalLM, "stream", lambda *_a, **_k: (np.array([i]) for i in tokens))
    assert main(["generate", "あ", *RANDOM]) == 0
    assert capsys.readouterr().out == "あ\ufffd\n"


def test_each_piece_is_flushed_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(sys.stdout, "write", seen.append)
    monkeypatch.setattr(sys.stdout, "flush", lambda: seen.append("flush"))
    assert main(["generate", "あ", *RANDOM, "--max-new-tokens", "3"]) == 0
    pieces = [piece for piece in seen if piece][1:]  # the first flush is of the stream's set-up
    assert pieces[:8:2] == ["あ", *[piece for piece in pieces if piece not in ("flush", "あ", "\n")][:3]]
    assert pieces[1:8:2] == ["flush"] * 4


def test_the_prompt_is_printed_as_it_was_typed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "慶應　", *RANDOM, "--max-new-tokens", "1"]) == 0
    assert capsys.readouterr().out.startswith("慶應　")


def test_seed_0_is_a_seed(capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for _ in range(2):
        assert main(["generate", PROMPT, *RANDOM, "--sample", "--seed", "0"]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]


def test_a_tied_head_is_no_news(tmp_path: Path, random_ja: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(random_ja, tmp_path / "m")
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(random_ja)
    config = GPTNeoXJapaneseConfig.from_dict({**model.config.to_dict(), "tie_word_embeddings": True})
    weights = initial_weights(config, rng=np.random.default_rng(0), dtype="float32")
    GPTNeoXJapaneseForCausalLM(config, weights).save_pretrained(tmp_path / "m")
    assert main(["generate", "あ", "--model", str(tmp_path / "m"), "--max-new-tokens", "1"]) == 0
    assert capsys.readouterr().err == ""


def test_without_sample_it_is_greedy_whatever_the_folder_says(
        tmp_path: Path, random_ja: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(random_ja, tmp_path / "m")
    (tmp_path / "m" / "generation_config.json").write_text('{"do_sample": true, "top_k": 0}', encoding="utf-8")
    texts = set()
    for folder in (tmp_path / "m", tmp_path / "m", random_ja):
        assert main(["generate", PROMPT, "--model", str(folder), "--max-new-tokens", "20"]) == 0
        texts.add(capsys.readouterr().out)
    assert len(texts) == 1


def test_dtype_is_the_models(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[str] = []
    right = GPTNeoXJapaneseForCausalLM.from_pretrained
    monkeypatch.setattr(GPTNeoXJapaneseForCausalLM, "from_pretrained",
                        lambda folder, dtype, **rest: asked.append(dtype) or right(folder, dtype=dtype, **rest))
    for arguments in ([], ["--dtype", "float64"]):
        assert main(["generate", "あ", *RANDOM, "--max-new-tokens", "1", *arguments]) == 0
    assert asked == ["float32", "float64"]
    capsys.readouterr()


def test_a_tokenizer_that_is_too_small_says_so(
        tmp_path: Path, random_ja: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(random_ja, tmp_path / "m")
    rows = (tmp_path / "m" / "vocab.txt").read_text(encoding="utf-8").split("\n")
    few = [*rows[300:308], "<|startoftext|>", "<|endoftext|>", *(row for row in rows if row.startswith("<|byte"))]
    (tmp_path / "m" / "vocab.txt").write_text("\n".join(few), encoding="utf-8")
    assert main(["generate", few[0], "--model", str(tmp_path / "m"), "--max-new-tokens", "40"]) == 1
    told = capsys.readouterr().err
    assert f"vocab.txt has {len(few)} rows, the config says vocab_size {len(rows)}: do they belong together?" in told
    assert "do the tokenizer and the model belong together?" in told


def test_sizes_in_the_unit_that_suits_them() -> None:
    assert [readable(size) for size in (999, 1000, 5_361_515_520)] == ["999 B", "1.00 kB", "5.36 GB"]


def test_too_little_memory(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(*_args: object, **_rest: object) -> None:
        raise MemoryError("Unable to allocate 40.0 GiB")

    monkeypatch.setattr(GPTNeoXJapaneseForCausalLM, "from_pretrained", full)
    assert main(["generate", "あ"]) == 1
    assert "not enough memory (Unable to allocate 40.0 GiB); `neoxja inspect FOLDER`" in capsys.readouterr().err


def test_tokenize(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokenize", "慶應 a,é", *RANDOM]) == 0
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained("random-ja")
    tokens = ["慶應", "<SP>", "a", "<|byte44|>", "<|byte195|>", "<|byte169|>"]
    lines = [f"{tokenizer.convert_tokens_to_ids(token)}\t{token}" for token in tokens]
    assert capsys.readouterr().out.splitlines() == lines
    assert main(["tokenize", ",", *RANDOM, "--profile", "original"]) == 0
    assert capsys.readouterr().out.endswith("\t,\n")


def test_inspect(capsys: pytest.CaptureFixture[str], random_ja: Path) -> None:
    assert main(["inspect", str(random_ja)]) == 0
    out = capsys.readouterr().out
    assert "gpt_neox_japanese.layers.2.attention.dense_bias              F32   64\n" in out
    count = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja").num_parameters()
    assert f"29 tensors, {count:,} parameters" in out
    sizes = {"float16 / bfloat16": count * 2 / 1e3, "float32": count * 4 / 1e6, "float64": count * 8 / 1e6}
    for (dtype, size), unit in zip(sizes.items(), ("kB", "MB", "MB"), strict=True):
        assert f"{size:.2f} {unit} as {dtype}\n" in out


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
     "hf download abeja/gpt-neox-japanese-2.7b --local-dir gpt-neox-japanese-2.7b"),
    (["generate", "あ", *RANDOM, "--max-new-tokens", "256"], "neoxja: 257 tokens do not fit into the context of 256"),
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


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_utf8_whatever_the_system_says(locale: str) -> None:
    result = run("tokenize", "猫", *RANDOM, PYTHONIOENCODING="ascii", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0",
                 LC_ALL=locale)
    assert result.returncode == 0, result.stderr
    assert result.stdout.decode("utf-8").endswith("\t猫\n")


@pytest.mark.skipif(os.name != "posix", reason="closes a stream by the shell")
def test_a_closed_stdout_is_no_traceback() -> None:
    command = f"{sys.executable} -m neoxja_np generate あ --model random-ja --max-new-tokens 2 >&-"
    result = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    assert (result.returncode, result.stderr) == (0, b"")


def test_notes_go_to_stderr(tmp_path: Path, random_ja: Path) -> None:
    shutil.copytree(random_ja, tmp_path / "m")
    config = json.loads((tmp_path / "m" / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "m" / "config.json").write_text(json.dumps({**config, "tie_word_embeddings": True}), encoding="utf-8")
    result = run("generate", "あ", "--max-new-tokens", "1", "--model", str(tmp_path / "m"))
    assert result.returncode == 0
    assert result.stderr.decode().splitlines() == [
        "neoxja: not tied: embed_out.weight is stored and differs from gpt_neox_japanese.embed_in.weight"]
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
