"""neoxja convert: the same numbers in another file, the old one whole until the new one is."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from neoxja_np import CheckpointError, GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseModel
from neoxja_np.checkpoint.folder import stored_tensors
from neoxja_np.checkpoint.narrow import narrowed, to_bfloat16
from neoxja_np.checkpoint.stored import StoredTensor
from neoxja_np.checkpoint.widen import BLOCK
from neoxja_np.cli import main
from neoxja_np.convert import DTYPES, FILES, convert
from neoxja_np.verify import verify
from neoxja_np.weights import flatten
from safetensors.numpy import load_file
from tests.checkpoint import test_hostile_files as hostile
from tests.checkpoint.test_folder import IDS, IN, OUT, tensors, write

STORED = {"float16": np.float16, "float32": np.float32, "float64": np.float64}


def rounded(array: np.ndarray, dtype: str) -> np.ndarray:
    """The nearest that the dtype has, as float64."""
    if dtype == "bfloat16":
        return (to_bfloat16(array).astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return array.astype(STORED[dtype]).astype(np.float64)


@pytest.mark.parametrize("source", list(DTYPES))
@pytest.mark.parametrize("target", list(DTYPES))
def test_any_dtype_to_any(tmp_path: Path, source: str, target: str) -> None:
    weights = tensors()
    convert(write(tmp_path / "float32", weights), tmp_path / "a", dtype=source)
    convert(tmp_path / "a", tmp_path / "b", dtype=target)
    assert {tensor.dtype for tensor in stored_tensors(tmp_path / "b").values()} == {DTYPES[target]}
    assert json.loads((tmp_path / "b" / "config.json").read_text("utf-8"))["dtype"] == target
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path / "b", "float64")
    for name, array in flatten(model.weights).items():
        expected = rounded(rounded(weights[name], source).astype(np.float32), target)
        assert (array == expected).all(), name


def test_without_a_dtype_every_bit_stays(tmp_path: Path) -> None:
    weights = {name: array.astype(np.float16 if array.ndim == 2 else np.float32) for name, array in tensors().items()}
    assert convert(write(tmp_path / "a", weights), tmp_path / "b", max_shard_size=1000) == []
    shards = sorted((tmp_path / "b").glob("*.safetensors"))
    assert len(shards) > 2
    again = {name: array for shard in shards for name, array in load_file(shard).items()}
    assert {name: (array.dtype, array.tobytes()) for name, array in again.items()} == {
        name: (array.dtype, array.tobytes()) for name, array in weights.items()}


def test_a_whole_model_folder_comes_out(tmp_path: Path, random_ja: Path) -> None:
    assert main(["convert", str(random_ja), "-o", str(tmp_path / "b"), "--dtype", "bfloat16"]) == 0
    names = {path.name for path in (tmp_path / "b").iterdir()}
    assert names == {"config.json", "generation_config.json", "vocab.txt", "emoji.json", "tokenizer_config.json",
                     "model.safetensors"} & {*names, "config.json", "vocab.txt", "emoji.json", "model.safetensors"}
    assert main(["verify", str(tmp_path / "b")]) == 0


def test_a_model_without_a_head_keeps_none(tmp_path: Path) -> None:
    GPTNeoXJapaneseModel.from_pretrained(write(tmp_path / "a", tensors())).save_pretrained(tmp_path / "base")
    convert(tmp_path / "base", tmp_path / "b")
    assert OUT not in stored_tensors(tmp_path / "b")
    GPTNeoXJapaneseModel.from_pretrained(tmp_path / "b")


def test_leftovers_are_left_out_and_said(tmp_path: Path) -> None:
    old = {"gpt_neox_japanese.layers.0.attention.rotary_emb.inv_freq": np.zeros(2, np.float32)}
    notes = convert(write(tmp_path / "a", {**tensors(), **old}), tmp_path / "b")
    assert notes == [f"ignored 1 buffers of an old checkpoint, such as {next(iter(old))}"]
    assert set(stored_tensors(tmp_path / "b")) == set(tensors())


def test_another_models_folder_is_not_written_into(tmp_path: Path, random_ja: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "vocab.txt").write_text("another\n", "utf-8")
    with pytest.raises(FileExistsError, match=r"other has vocab\.txt already"):
        convert(random_ja, other)
    assert (other / "vocab.txt").read_text("utf-8") == "another\n"
    (other / "generation_config.json").write_text('{"max_new_tokens": 3}', "utf-8")
    source = shutil.copytree(random_ja, tmp_path / "source")
    (source / "generation_config.json").unlink()
    assert convert(source, other, replace=True) == []
    assert {path.name for path in other.iterdir()} == {  # nothing of the other model is left
        path.name for path in source.iterdir() if path.name in FILES} | {"model.safetensors"}


def test_it_is_not_guessed_which_weights_are_meant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "a", tensors())
    before = (folder / "model.safetensors").read_bytes()
    (folder / "pytorch_model.bin").write_bytes(b"older or newer")
    with pytest.raises(FileExistsError, match=r"a has pytorch_model\.bin and model\.safetensors: which is to be"):
        convert(folder, replace=True)
    assert (folder / "model.safetensors").read_bytes() == before
    assert main(["convert", str(folder), "-o", str(tmp_path / "b")]) == 0
    assert "neoxja: model.safetensors was read, not pytorch_model.bin beside it" in capsys.readouterr().err


def test_a_checkpoint_of_short_names_keeps_its_head(tmp_path: Path) -> None:
    short = {name.removeprefix("gpt_neox_japanese."): array for name, array in tensors().items()}
    convert(write(tmp_path / "a", short), tmp_path / "b")
    assert set(stored_tensors(tmp_path / "b")) == set(tensors())


def test_safetensors_are_replaced_only_when_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path, tensors())
    before = (folder / "model.safetensors").read_bytes()
    assert main(["convert", str(folder), "--dtype", "float16"]) == 1
    assert "has model.safetensors already; give another folder, or replace=True (--replace)" in capsys.readouterr().err
    assert (folder / "model.safetensors").read_bytes() == before
    assert main(["convert", str(folder), "--dtype", "float16", "--replace"]) == 0
    assert stored_tensors(folder)[IN].dtype == "F16"


@pytest.mark.parametrize(("change", "message"), [
    ("missing", f"cannot be converted:\n  missing: {OUT}"), ("infinite", f"not finite: {OUT}"),
    ("large", f"{OUT} holds 70000 or its negative, which is too large for F16")])
def test_what_cannot_be_converted_leaves_nothing_behind(tmp_path: Path, change: str, message: str) -> None:
    weights = tensors()
    if change == "missing":
        del weights[OUT]
    else:
        weights[OUT][10, 11] = {"infinite": np.inf, "large": 70000}[change]
    with pytest.raises(CheckpointError, match=message):
        convert(write(tmp_path / "a", weights), tmp_path / "b", dtype="float16")
    assert not (tmp_path / "b").exists()


def test_a_full_disk_is_seen_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OSError, match=r"GB, but its disk has 0\.00 GB free; give a folder on another disk"):
        convert(write(tmp_path / "a", tensors()), tmp_path / "b" / "c")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(("option", "message"), [({"dtype": "int8"}, "dtype must be one of float16, bfloat16"),
                                                 ({"max_shard_size": "5 GB"}, "a size must be a number of bytes")])
def test_wrong_options(tmp_path: Path, option: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        convert(write(tmp_path / "a", tensors()), tmp_path / "b", **option)


# ---- stopped on the way ----

AGAIN_AND_AGAIN = """
import sys, itertools
from neoxja_np import GPTNeoXJapaneseForCausalLM
from neoxja_np.convert import convert
way, *sources, target = sys.argv[1:]
models = [GPTNeoXJapaneseForCausalLM.from_pretrained(source) for source in sources]
print("ready", flush=True)
for number in itertools.count():
    size = [10**9, 3000, 4000, 3000, 3000][number // 2 % 5]
    print(number, flush=True)
    if way == "save":
        models[number % 2].save_pretrained(target, max_shard_size=size)
    else:
        convert(sources[number % 2], target, max_shard_size=size, replace=True)
"""


@pytest.mark.parametrize("way", ["save", "convert"])
def test_whoever_is_killed_leaves_the_old_weights_or_the_new(tmp_path: Path, way: str) -> None:
    """Ten times each, in the midst of one save after the other: of one file, of shards, of other shards."""
    models = {}
    for fill in (1, 2):
        folder = write(tmp_path / str(fill), {name: np.full_like(array, fill) for name, array in tensors().items()})
        models[fill] = str(folder)
    target = tmp_path / "target"
    shutil.copytree(models[1], target)
    rng = random.Random(0)
    found = set()
    for _ in range(10):
        child = subprocess.Popen([sys.executable, "-c", AGAIN_AND_AGAIN, way, *models.values(), str(target)],
                                 stdout=subprocess.PIPE, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        for _ in range(rng.randrange(1, 12)):
            assert child.stdout.readline()
        time.sleep(rng.uniform(0, 0.02))
        child.kill()
        child.wait()
        child.stdout.close()
        weights = flatten(GPTNeoXJapaneseForCausalLM.from_pretrained(target).weights)
        fills = {float(number) for array in weights.values() for number in np.unique(array)}
        assert len(fills) == 1, "a part of each"
        found |= fills
    assert found == {1.0, 2.0}, "the moments were not random enough to see both"


# ---- from a pickled file ----


def pickled_folder(folder: Path, dtype: str = "float16") -> tuple[Path, dict[str, np.ndarray]]:
    arrays = {name: array.astype(dtype) for name, array in tensors().items()}
    files = hostile.folder_of(arrays, hostile.BIN)
    write(folder, tensors())
    (folder / "model.safetensors").unlink()
    (folder / hostile.BIN).write_bytes(files[hostile.BIN])
    return folder, arrays


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_a_pickled_file_gets_its_numbers_in_safetensors_beside_it(tmp_path: Path, dtype: str) -> None:
    folder, arrays = pickled_folder(tmp_path / "a", dtype)
    before = (folder / hostile.BIN).read_bytes()
    expected = GPTNeoXJapaneseForCausalLM.from_pretrained(folder)(IDS).logits
    resting = GPTNeoXJapaneseForCausalLM.from_pretrained(folder, weights_dtype="stored")(IDS).logits
    assert np.abs(resting - expected).max() <= 1e-5 * np.abs(expected).max()
    assert main(["convert", str(folder)]) == 0
    assert (folder / hostile.BIN).read_bytes() == before
    again = load_file(folder / "model.safetensors")
    assert {name: array.tobytes() for name, array in again.items()} == {
        name: array.tobytes() for name, array in arrays.items()}
    assert (GPTNeoXJapaneseForCausalLM.from_pretrained(folder)(IDS).logits == expected).all()


def test_a_pickled_file_with_one_wrong_bit_is_not_converted(tmp_path: Path) -> None:
    folder, arrays = pickled_folder(tmp_path / "a")
    content = (folder / hostile.BIN).read_bytes()
    place = content.index(arrays[IN].tobytes()) + 5
    (folder / hostile.BIN).write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1:])
    GPTNeoXJapaneseForCausalLM.from_pretrained(folder)  # a load does not compute checksums
    with pytest.raises(CheckpointError, match=f"is damaged: .*{IN}.* checksum .*; fetch it again"):
        convert(folder)
    [found] = [finding for finding in verify(folder) if finding.what == "files"]
    assert (found.passed, "does not have the checksum" in found.found) == (False, True)


def test_a_head_that_is_the_embedding_is_left_out_where_the_config_ties_them(tmp_path: Path) -> None:
    arrays = tensors()
    entries = [hostile.text(name) + hostile.tensor(
        hostile.storage("torch.FloatStorage", IN if name == OUT else name, array.size), 0, array.shape, [
            step // 4 for step in array.strides]) for name, array in arrays.items()]
    data = [(f"data/{name}", array.tobytes()) for name, array in arrays.items() if name != OUT]
    for tied in (True, False):
        folder = write(tmp_path / str(tied), arrays, tie=tied)
        (folder / "model.safetensors").unlink()
        (folder / hostile.BIN).write_bytes(hostile.zipped([("data.pkl", hostile.pickled(b"".join(entries))), *data]))
        notes = convert(folder)
        assert notes == ([f"{OUT} is not written: it is {IN}, and the config ties the two"] if tied else [])
        assert (OUT in stored_tensors(folder)) != tied
        model = GPTNeoXJapaneseForCausalLM.from_pretrained(folder)
        assert (model.weights["embed_out"]["weight"] == arrays[IN]).all()


def test_of_a_strided_tensor_no_more_than_a_block_is_copied(tmp_path: Path) -> None:
    rows, columns = 2048, 4096  # 32 MB; a block is of 1 MB
    path = tmp_path / "columns"
    array = np.random.default_rng(0).standard_normal((columns, rows)).astype(np.float32)
    path.write_bytes(array.tobytes())
    turned = StoredTensor(path, "F32", (rows, columns), 0, (1, rows))
    parts = (part.copy() for part in narrowed("turned", turned, "F32", lambda _: None))
    assert all((part == expected).all() for part, expected in zip(
        parts, array.T.reshape(-1).reshape(-1, BLOCK), strict=True))
    tracemalloc.start()
    for _ in narrowed("turned", turned, "F32", lambda _: None):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6
