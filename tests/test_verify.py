"""neoxja verify: every kind of damage is found, and named."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from neoxja_np import GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseTokenizer, verify
from neoxja_np.cli import main
from neoxja_np.convert import convert
from safetensors.numpy import load_file, save_file
from tests.checkpoint.test_folder import IN, OUT

CHECKPOINT = os.environ.get("NEOXJA_CHECKPOINT", "")


@pytest.fixture
def folder(tmp_path: Path, random_ja: Path) -> Path:
    shutil.copytree(random_ja, tmp_path / "model")
    return tmp_path / "model"


def findings(folder: Path) -> dict[str, tuple[bool | None, str]]:
    return {finding.what: (finding.passed, finding.found) for finding in verify.verify(folder)}


def change_weights(folder: Path, **changed: np.ndarray) -> None:
    path = folder / "model.safetensors"
    save_file({**load_file(path), **changed}, path, metadata={"format": "pt"})


def change_config(folder: Path, **changed: object) -> None:
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, **changed}), "utf-8")


def test_a_whole_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = findings(folder)
    assert [what for what, (passed, _) in found.items() if passed] == ["config", "tensors", "tying", "vocabulary"]
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert found["files"] == (None, f"model.safetensors sha256 {digest}")
    numbers = GPTNeoXJapaneseForCausalLM.from_pretrained(folder).num_parameters()
    assert found["tensors"][1].startswith(f"{numbers:,} numbers, stored in F")
    assert main(["verify", str(folder), "--no-outputs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["-", "files:"], ["ok", "config:"], ["ok", "tensors:"],
                                                    ["ok", "tying:"], ["ok", "vocabulary:"]]


def test_the_hash_of_the_hub(folder: Path) -> None:
    record = folder / ".cache" / "huggingface" / "download" / "model.safetensors.metadata"
    record.parent.mkdir(parents=True)
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    record.write_text(f"0123abcd\n{digest}\n1700000000.0\n", "utf-8")
    assert findings(folder)["files"] == (True, f"model.safetensors sha256 {digest}, as on the hub")
    record.write_text(f"0123abcd\n{digest[::-1]}\n1700000000.0\n", "utf-8")
    passed, found = findings(folder)["files"]
    assert passed is False
    assert found.endswith(f"but {digest[::-1]} when it was fetched: converted since, or damaged")
    record.write_text("", "utf-8")  # as an interrupted download leaves it
    assert findings(folder)["files"][0] is None


@pytest.mark.parametrize(("damage", "what", "message"), [
    ("config", "config", "has no config.json"),
    ("truncated", "files", "is not a complete safetensors file"),
    ("not finite", "tensors", "not finite: gpt_neox_japanese.final_layer_norm.bias"),
    ("shape", "tensors", "wrong shape: gpt_neox_japanese.final_layer_norm.bias"),
    ("special id", "vocabulary", "config.json says eos_token_id 999999, but ids go from 0 to "),
    ("rows", "vocabulary", "rows, the config says vocab_size"),
    ("no vocabulary", "vocabulary", "has no vocab.txt")])
def test_damage(folder: Path, damage: str, what: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    norm = "gpt_neox_japanese.final_layer_norm.bias"
    weights = load_file(folder / "model.safetensors")
    if damage == "config":
        (folder / "config.json").unlink()
    elif damage == "truncated":
        (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-1])
    elif damage == "not finite":
        change_weights(folder, **{norm: weights[norm] * np.nan})
    elif damage == "shape":
        change_weights(folder, **{norm: weights[norm][1:]})
    elif damage == "special id":
        change_config(folder, eos_token_id=[0, 999999])
    elif damage == "rows":
        (folder / "vocab.txt").write_text("新\n" + (folder / "vocab.txt").read_text("utf-8"), "utf-8")
    elif damage == "no vocabulary":
        (folder / "vocab.txt").unlink()
    passed, found = findings(folder)[what]
    assert passed is False
    assert message in found
    assert main(["verify", str(folder)]) == 1
    assert f"WRONG {what}: " in capsys.readouterr().out


def test_without_a_config_nothing_else_is_held_against_it(folder: Path) -> None:
    (folder / "config.json").unlink()
    assert [finding.what for finding in verify.verify(folder)] == ["files", "config"]


@pytest.mark.parametrize("tie", [False, True])
def test_weights_without_a_head_give_no_text_unless_it_is_the_embedding(
        folder: Path, tie: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    change_config(folder, tie_word_embeddings=tie)
    weights = load_file(folder / "model.safetensors")
    del weights[OUT]
    save_file({name.removeprefix("gpt_neox_japanese."): array for name, array in weights.items()},
              folder / "model.safetensors")
    assert findings(folder)["tying" if tie else "head"][0] is (True if tie else None)
    if not tie:  # of whatever sizes
        monkeypatch.setattr(verify, "SIZES_2_7B", {})
        assert findings(folder)["outputs"] == (None, "there is no head, so no text")
        convert(folder, folder / "anew")
        assert not [finding for finding in verify.verify(folder / "anew") if finding.passed is False]


def test_two_matrices_where_the_config_ties_them_are_said_and_not_wrong(folder: Path) -> None:
    change_config(folder, tie_word_embeddings=True)
    change_weights(folder, **{OUT: load_file(folder / "model.safetensors")[IN] + 1})
    assert findings(folder)["tying"] == (None, f"not tied: {OUT} is stored and differs from {IN}")


def test_the_texts_are_compared_where_the_sizes_are_those_of_the_2_7b(
        folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings(folder)["outputs"] == (None, "texts are known for abeja/gpt-neox-japanese-2.7b alone")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    monkeypatch.setattr(verify, "SIZES_2_7B", {name: config[name] for name in verify.SIZES_2_7B})
    known = {"猫が": "いる。", "今日の天気は": "晴れ。"}
    monkeypatch.setattr(verify, "KNOWN_OUTPUTS", known)
    passed, found = findings(folder)["outputs"]
    assert (passed, found.startswith("0 of 2 texts as known; '猫が")) == (False, True)
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(folder)
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained(folder)
    for prompt in known:
        said = model.generate(tokenizer(prompt, return_tensors="np").input_ids, max_length=50)
        known[prompt] = tokenizer.batch_decode(said, skip_special_tokens=True)[0].removeprefix(prompt)
    assert findings(folder)["outputs"] == (True, "2 of 2 texts as known")
    change_config(folder, tie_word_embeddings=True)  # as the texts of a tied run, beside a file of two matrices
    change_weights(folder, **{OUT: load_file(folder / "model.safetensors")[IN][::-1].copy()})
    tied = GPTNeoXJapaneseForCausalLM(model.config, model.weights)
    tied.weights["embed_out"]["weight"] = tied.weights["gpt_neox_japanese"]["embed_in"]["weight"]
    for prompt in known:
        said = tied.generate(tokenizer(prompt, return_tensors="np").input_ids, max_length=50)
        known[prompt] = tokenizer.batch_decode(said, skip_special_tokens=True)[0].removeprefix(prompt)
    assert findings(folder)["outputs"] == (True, "2 of 2 texts as known with the head tied to the embedding")


@pytest.mark.checkpoint
@pytest.mark.skipif(not CHECKPOINT, reason="needs the real checkpoint: a folder of abeja/gpt-neox-japanese-2.7b "
                                           "in NEOXJA_CHECKPOINT, and 6 GB of memory")
def test_the_published_weights_say_the_five_known_texts() -> None:
    assert [finding for finding in verify.verify(CHECKPOINT) if finding.passed is False] == []
