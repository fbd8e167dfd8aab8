"""neoxja train: texts in, a model folder out."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from neoxja_np import GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer
from neoxja_np.cli import main
from neoxja_np.training import loop
from neoxja_np.training.loop import accumulate, read_log

SMALL = ["--steps", "6", "--batch-size", "2", "--length", "8", "--evaluate-every", "3", "--save-every", "2",
         "--tokenizer", "random-ja"]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("猫が鳴く。\n<|endoftext|>犬が走る。\n<|endoftext|>" * 40, encoding="utf-8")
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "small.json"
    path.write_text(json.dumps({"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
                                "max_position_embeddings": 32}), encoding="utf-8")
    return path


def test_from_nothing(corpus: Path, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "out"
    assert main(["train", str(corpus), "--config", str(config), "-o", str(folder), *SMALL]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "held-out loss" in said.err
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(folder)
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained(folder)
    assert (model.config.hidden_size, model.config.vocab_size) == (8, len(tokenizer.vocabulary.rows))
    assert model.config.eos_token_id == tokenizer.eos_token_id
    assert len(read_log(folder)) == 6 + 2
    ids = np.load(folder / "corpus.npy")
    held_out = max(int(len(ids) * 0.02), 8)
    assert f"{len(ids) - held_out:,} tokens, {held_out} held out" in said.err  # no token is both
    assert (ids == tokenizer.eos_token_id).sum() == 81  # those that are written, and the file's end
    assert main(["generate", "猫が", "--model", str(folder), "--max-new-tokens", "2"]) == 0
    assert (folder / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_seed_gives_the_same_model(corpus: Path, config: Path, tmp_path: Path) -> None:
    for rate in ("0.001", "0"):  # at 0 the first weights are what is saved
        for name, seed in (("one", "4"), ("two", "4"), ("three", "5")):
            main(["train", str(corpus), "--config", str(config), "-o", str(tmp_path / f"{name}{rate}"), *SMALL,
                  "--seed", seed, "--learning-rate", rate])
        one, two, three = ((tmp_path / f"{name}{rate}" / "model.safetensors").read_bytes()
                           for name in ("one", "two", "three"))
        assert one == two != three


def test_windows_that_begin_at_texts(corpus: Path, config: Path, tmp_path: Path,
                                     monkeypatch: pytest.MonkeyPatch) -> None:
    began = []
    monkeypatch.setattr(loop, "accumulate", lambda batch, *rest: began.append(batch[:, 0]) or accumulate(batch, *rest))
    for options in ([], ["--at-texts"]):
        began.clear()
        assert main(["train", str(corpus), "--config", str(config), "-o", str(tmp_path / f"out{len(options)}"), *SMALL,
                     *options]) == 0
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained("random-ja")
    assert set(np.concatenate(began).tolist()) == {tokenizer.encode(text)[0] for text in ("猫が", "犬が")}


def test_fine_tuning_begins_with_the_folder(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tuned"
    settings = ["--steps", "1", "--batch-size", "2", "--length", "8", "--learning-rate", "0"]
    assert main(["train", str(corpus), "--model", "random-ja", "-o", str(folder), *settings]) == 0
    before, after = (GPTNeoXJapaneseForCausalLM.from_pretrained(each) for each in ("random-ja", folder))
    ids = [[3, 1, 4, 1, 5]]
    assert (before(ids).logits == after(ids).logits).all()


def test_ids_and_held_out_texts(corpus: Path, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ids = tmp_path / "ids.npy"
    assert main(["encode", str(corpus), "-o", str(ids), "--model", "random-ja"]) == 0
    held_out = tmp_path / "held_out.txt"
    held_out.write_text("鳥が飛ぶ。" * 9, encoding="utf-8")
    folder = tmp_path / "out"
    assert main(["train", str(ids), "--held-out", str(held_out), "--config", str(config), "-o", str(folder),
                 *SMALL]) == 0
    assert not (folder / "corpus.npy").exists()
    assert f"{len(np.load(ids)):,} tokens, {len(np.load(folder / 'held_out.npy'))} held out" in capsys.readouterr().err


def test_resuming(corpus: Path, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", str(corpus), "--config", str(config), "-o", str(tmp_path / "out"), *SMALL]
    assert main([*command, "--resume"]) == 1
    assert "no checkpoint to resume from" in capsys.readouterr().err
    assert main(command) == 0
    files = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    corpus.write_text("鳥が飛ぶ。\n" * 99, encoding="utf-8")
    assert main(command) == 1
    assert "holds a run" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in files} == files
    assert main([*command, "--resume"]) == 0  # with the texts that were encoded when it began
    assert len(read_log(tmp_path / "out")) == 8


@pytest.mark.usefixtures("heeded_ctrl_c")
def test_stopped_by_ctrl_c(corpus: Path, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                           capsys: pytest.CaptureFixture[str]) -> None:
    right = loop.train_step
    monkeypatch.setattr(loop, "train_step", lambda run, *rest: os.kill(os.getpid(), signal.SIGINT) or right(run, *rest))
    command = ["train", str(corpus), "--config", str(config), "-o", str(tmp_path / "out"), *SMALL]
    assert main(command) == 130
    assert "stopped after step 1, which is saved; resume to go on" in capsys.readouterr().err
    monkeypatch.setattr(loop, "train_step", right)
    assert main([*command, "--resume"]) == 0
    checkpoint = tmp_path / "out" / "checkpoints" / "step-00000006"
    assert main(["generate", "猫が", "--model", str(checkpoint), "--max-new-tokens", "2"]) == 0


@pytest.mark.parametrize(("words", "message"), [
    (["--model", "random-ja", "--config", "x.json"], "--model has a config and a tokenizer already"),
    (["--steps", "-1"], "expected a whole number, 0 or more, got '-1'"),
    (["--learning-rate", "fast"], "expected a number, 0 or more, got 'fast'"),
])
def test_usage(words: list[str], message: str, corpus: Path, tmp_path: Path,
               capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["train", str(corpus), "-o", str(tmp_path / "out"), *words])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(("words", "message"), [
    (["--model", "random-ja", "--length", "300"], "windows of 300 tokens are longer than the model's context of 256"),
    (["--steps", "0"], "steps must be 1 or more"),
    (["--config", "nowhere.json"], "--config: there is no file 'nowhere.json'"),
    (["--tokenizer", "random-ja", "--length", "900"], "too few for one window of 900 to train on and one to hold out"),
])
def test_what_makes_no_run(words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "short.txt"
    path.write_text("猫" * 700, encoding="utf-8")
    assert main(["train", str(path), "-o", str(tmp_path / "out"), *words]) == 1
    assert message in capsys.readouterr().err
