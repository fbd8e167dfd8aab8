"""Model folders: read whole or not at all, written whole or not at all."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from neoxja_np import CheckpointError, GPTNeoXJapaneseConfig, GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseModel
from neoxja_np.checkpoint.folder import stored_tensors
from neoxja_np.checkpoint.safetensors_file import read_header
from neoxja_np.checkpoint.shards import weight_files
from neoxja_np.weights import flatten, initial_weights, shapes
from safetensors import safe_open
from safetensors.numpy import save_file

CONFIG = GPTNeoXJapaneseConfig(vocab_size=11, hidden_size=12, num_hidden_layers=2, num_attention_heads=3,
                               bos_token_id=None, eos_token_id=None)
IDS = [[1, 2, 3]]
IN, OUT = "gpt_neox_japanese.embed_in.weight", "embed_out.weight"


def tensors(**changed: np.ndarray) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {**{name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes(CONFIG).items()}, **changed}


def write(folder: Path, weights: dict[str, np.ndarray], *, tie: bool = False) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**CONFIG.to_dict(), "tie_word_embeddings": tie}), encoding="utf-8")
    save_file(weights, folder / "model.safetensors")
    return folder


def write_bf16(folder: Path, weights: dict[str, np.ndarray]) -> None:
    """A safetensors file by hand, for NumPy has no bfloat16."""
    header, data = {}, b""
    for name, array in weights.items():
        bits = (array.view(np.uint32) >> 16).astype("<u2").tobytes()
        header[name] = {"dtype": "BF16", "shape": array.shape, "data_offsets": [len(data), len(data) + len(bits)]}
        data += bits
    head = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + data)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("wanted", ["float32", "float64"])
def test_dtypes(tmp_path: Path, dtype: type, wanted: str) -> None:
    weights = {name: array.astype(dtype) for name, array in tensors().items()}
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(write(tmp_path, weights), dtype=wanted)
    for name, array in flatten(model.weights).items():
        assert array.dtype == wanted
        assert (array == weights[name].astype(wanted)).all()


@pytest.mark.parametrize("wanted", ["float32", "float64"])
def test_bfloat16_is_the_upper_half_of_float32(tmp_path: Path, wanted: str) -> None:
    weights = {name: (array.view(np.uint32) & 0xFFFF0000).view(np.float32) for name, array in tensors().items()}
    write(tmp_path, weights)
    write_bf16(tmp_path, weights)
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path, dtype=wanted)
    assert all((array == weights[name]).all() for name, array in flatten(model.weights).items())


def test_everything_that_is_wrong_is_listed_at_once(tmp_path: Path) -> None:
    weights = tensors()
    del weights["gpt_neox_japanese.layers.0.mlp.dense_4h_to_h.weight"], weights[OUT]
    weights["gpt_neox_japanese.layers.0.attention.dense_bias"] = np.zeros(12, np.float32)
    weights["gpt_neox_japanese.final_layer_norm.bias"] = np.zeros(13, np.float32)
    weights["gpt_neox_japanese.final_layer_norm.weight"] = np.zeros(12, np.int32)
    weights[IN][3, 4] = np.nan
    with pytest.raises(CheckpointError) as caught:
        GPTNeoXJapaneseForCausalLM.from_pretrained(write(tmp_path, weights))
    for line in ("missing: gpt_neox_japanese.layers.0.mlp.dense_4h_to_h.weight (12, 48)", f"missing: {OUT} (11, 12)",
                 "unexpected: gpt_neox_japanese.layers.0.attention.dense_bias (12,)",
                 "wrong shape: gpt_neox_japanese.final_layer_norm.bias is (13,), the config makes it (12,)",
                 "wrong dtype: gpt_neox_japanese.final_layer_norm.weight is I32, expected one of F16, BF16, F32, F64",
                 f"not finite: {IN} holds NaN or infinity as float32"):
        assert f"\n  {line}" in str(caught.value)


def test_what_float32_cannot_hold_is_not_finite(tmp_path: Path) -> None:
    weights = {name: array.astype(np.float64) for name, array in tensors().items()}
    weights[OUT][0, 0] = 1e300
    folder = write(tmp_path, weights)
    with pytest.raises(CheckpointError, match=f"not finite: {OUT} holds NaN or infinity as float32"):
        GPTNeoXJapaneseForCausalLM.from_pretrained(folder)
    GPTNeoXJapaneseForCausalLM.from_pretrained(folder, dtype="float64")


def test_tied_and_not_stored(tmp_path: Path) -> None:
    weights = tensors()
    del weights[OUT]
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(write(tmp_path, weights, tie=True))
    assert model.weights["embed_out"]["weight"] is model.weights["gpt_neox_japanese"]["embed_in"]["weight"]
    assert model.notes == (f"tied: {OUT} is not stored, so the head uses {IN}",)
    assert model.num_parameters() == sum(array.size for array in weights.values())


def test_tied_and_stored_twice_the_same(tmp_path: Path) -> None:
    weights = tensors()
    weights[OUT] = weights[IN].copy()
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(write(tmp_path, weights, tie=True))
    assert model.weights["embed_out"]["weight"] is model.weights["gpt_neox_japanese"]["embed_in"]["weight"]
    assert model.notes == (f"tied: {OUT} is stored and equals {IN}",)


def test_tied_but_two_different_matrices_are_kept_with_a_warning(tmp_path: Path) -> None:
    weights = tensors()
    folder = write(tmp_path, weights, tie=True)
    with pytest.warns(UserWarning, match="tie_word_embeddings is true, but"):
        model = GPTNeoXJapaneseForCausalLM.from_pretrained(folder)
    assert (model.weights["embed_out"]["weight"] == weights[OUT]).all()
    assert model.notes == (f"not tied: {OUT} is stored and differs from {IN}",)


def test_leftovers_of_old_checkpoints_are_ignored_with_a_note(tmp_path: Path) -> None:
    old = {f"gpt_neox_japanese.layers.{i}.attention.{name}": np.zeros((1, 1), np.float32)
           for i in range(2) for name in ("bias", "masked_bias", "rotary_emb.inv_freq")}
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(write(tmp_path, {**tensors(), **old}))
    assert model.notes[0].startswith("ignored 6 buffers of an old checkpoint, such as gpt_neox_japanese.layers.")
    with pytest.raises(CheckpointError, match=r"unexpected: .*attention\.dense\.bias"):
        GPTNeoXJapaneseForCausalLM.from_pretrained(
            write(tmp_path, tensors(**{"gpt_neox_japanese.layers.0.attention.dense.bias": np.zeros(12, np.float32)})))


def test_the_base_model_reads_and_writes_both_kinds_of_names(tmp_path: Path) -> None:
    weights = tensors()
    whole = GPTNeoXJapaneseForCausalLM.from_pretrained(write(tmp_path / "whole", weights))
    base = GPTNeoXJapaneseModel.from_pretrained(tmp_path / "whole")
    assert (base(IDS).last_hidden_state == whole(IDS).last_hidden_state).all()
    base.save_pretrained(tmp_path / "base")
    assert "layers.0.mlp.dense_h_to_4h.weight" in stored_tensors(tmp_path / "base")
    again = GPTNeoXJapaneseModel.from_pretrained(tmp_path / "base")
    assert (again(IDS).last_hidden_state == whole(IDS).last_hidden_state).all()
    with pytest.raises(CheckpointError, match=f"missing: {OUT}"):
        GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path / "base")


@pytest.mark.parametrize("size", [10**9, "5KB", 5000, 1])
def test_saving_and_loading(tmp_path: Path, size: int | str) -> None:
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(write(tmp_path / "a", tensors()), dtype="float64")
    model.save_pretrained(tmp_path / "b", max_shard_size=size)
    again = GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path / "b", dtype="float64")
    assert (again(IDS).logits == model(IDS).logits).all()
    config = json.loads((tmp_path / "b" / "config.json").read_text(encoding="utf-8"))
    assert (config["dtype"], config["architectures"]) == ("float64", ["GPTNeoXJapaneseForCausalLM"])
    if size != 10**9:
        sizes = [sum(tensor.bits().nbytes for tensor in read_header(path).values())
                 for path in (tmp_path / "b").glob("*.safetensors")]
        assert len(sizes) > 3
        assert all(sizes)
        index = json.loads((tmp_path / "b" / "model.safetensors.index.json").read_text(encoding="utf-8"))
        assert index["metadata"]["total_size"] == sum(array.nbytes for array in flatten(model.weights).values())
        assert set(index["weight_map"]) == set(shapes(CONFIG))
        assert not (tmp_path / "b" / "model.safetensors").exists()
    model.save_pretrained(tmp_path / "b")
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == [
        "config.json", "generation_config.json", "model.safetensors"]


def test_a_tied_head_is_not_stored(tmp_path: Path) -> None:
    model = GPTNeoXJapaneseForCausalLM(CONFIG, initial_weights(CONFIG, rng=np.random.default_rng(0), dtype="float32"))
    model.save_pretrained(tmp_path)
    assert OUT not in stored_tensors(tmp_path)
    again = GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path)
    assert (again(IDS).logits == model(IDS).logits).all()


@pytest.mark.parametrize("prefix", ["", "gpt_neox."])
def test_problems_name_tensors_as_the_file_does(tmp_path: Path, prefix: str) -> None:
    weights = {prefix + name.removeprefix("gpt_neox_japanese."): array for name, array in tensors().items()}
    del weights[prefix + OUT]
    with pytest.raises(CheckpointError) as caught:
        GPTNeoXJapaneseForCausalLM.from_pretrained(write(tmp_path, {**weights, OUT: np.zeros((11, 13), np.float32)}))
    if prefix:
        assert "\n  unexpected: gpt_neox.embed_in.weight (11, 12)" in str(caught.value)
        assert f"\n  missing: {IN} (11, 12)" in str(caught.value)
    assert f"\n  wrong shape: {OUT} is (11, 13)" in str(caught.value)


def test_a_shard_is_filled_to_the_last_byte(tmp_path: Path) -> None:
    weights = {str(i): np.zeros(10) for i in range(6)}
    assert len(weight_files(weights, tmp_path, max_shard_size=160)) == 3 + 1
    assert len(weight_files(weights, tmp_path, max_shard_size=159)) == 6 + 1
    assert list(weight_files(weights, tmp_path, max_shard_size=480)) == ["model.safetensors"]


@pytest.mark.parametrize("size", ["5 GB", "GB", 0, -1, 1.5, None])
def test_sizes_that_are_none(tmp_path: Path, size: object) -> None:
    model = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja")
    with pytest.raises(ValueError, match='a size must be a number of bytes or such as "5GB"'):
        model.save_pretrained(tmp_path / "new", max_shard_size=size)
    assert not (tmp_path / "new").exists()


def test_saving_touches_no_other_file(tmp_path: Path) -> None:
    others = ["model_best.safetensors", "model_7.safetensors", "model_2.safetensors", "model-lora.safetensors",
              "modelling.safetensors", "model.safetensors.bak"]
    for name in others:
        (tmp_path / name).touch()
    model = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja")
    for size in (300_000, 10**9):
        model.save_pretrained(tmp_path, max_shard_size=size)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {*others, "model.safetensors", "config.json", "generation_config.json"}


def test_what_is_in_a_saved_folder(tmp_path: Path) -> None:
    fields = {"torch_dtype": "float16", "名前": "猫", "pad_token_id": 3, "bos_token_id": None, "eos_token_id": None}
    config = GPTNeoXJapaneseConfig.from_dict({**CONFIG.to_dict(), **fields, "tie_word_embeddings": False})
    weights = initial_weights(config, rng=np.random.default_rng(0), dtype="float32")
    dense = weights["gpt_neox_japanese"]["layers"][0]["attention"]["dense"]
    dense["weight"] = np.asfortranarray(dense["weight"])  # as a transposed view would be
    model = GPTNeoXJapaneseForCausalLM(config, weights)
    assert model.generation_config.pad_token_id == 3
    model.save_pretrained(tmp_path)
    saved = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert "torch_dtype" not in saved
    assert "猫".encode() in (tmp_path / "config.json").read_bytes()
    with safe_open(tmp_path / "model.safetensors", framework="np") as file:
        assert file.metadata() == {"format": "pt"}  # without it transformers refuses the file
        assert OUT in file.keys()  # noqa: SIM118 - no mapping
    again = GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path)
    loaded = again.weights["gpt_neox_japanese"]["layers"][0]["attention"]["dense"]["weight"]
    assert (loaded == dense["weight"]).all()
    assert loaded.flags.writeable  # in memory, not a view of the file


def test_headers_in_the_order_of_the_bytes(tmp_path: Path) -> None:
    entries = {"late": {"dtype": "F16", "shape": [5], "data_offsets": [24, 34]},
               "empty": {"dtype": "F32", "shape": [0, 3], "data_offsets": [24, 24]},
               "early": {"dtype": "F64", "shape": [3], "data_offsets": [0, 24]}}
    head, data = json.dumps(entries).encode(), np.arange(3.0).tobytes() + np.ones(5, np.float16).tobytes()
    (tmp_path / "x.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + data)
    header = read_header(tmp_path / "x.safetensors")
    assert next(iter(header)) == "early"
    values = {name: tensor.bits().tolist() for name, tensor in header.items()}
    assert values == {"early": [0, 1, 2], "empty": [], "late": [1] * 5}


def test_one_array_for_both_embeddings_is_stored_twice_where_the_config_unties_them(tmp_path: Path) -> None:
    config = GPTNeoXJapaneseConfig.from_dict({**CONFIG.to_dict(), "tie_word_embeddings": False})
    weights = initial_weights(CONFIG, rng=np.random.default_rng(0), dtype="float32")
    GPTNeoXJapaneseForCausalLM(config, weights).save_pretrained(tmp_path)
    assert OUT in stored_tensors(tmp_path)
    GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path)


def test_a_folder_without_config_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"has no config.json; a model folder needs config.json and"):
        GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path)


def test_a_failed_save_leaves_the_folder_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(write(tmp_path, tensors()))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    calls = iter(range(99))

    def full(_: int) -> None:
        if next(calls) == 2:
            raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space left"):
        model.save_pretrained(tmp_path, max_shard_size=5000)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def broken(folder: Path, change: str) -> None:
    file, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    content = file.read_bytes()
    if change == "truncated":
        file.write_bytes(content[:-5])
    elif change == "header cut":
        file.write_bytes(content[:40])
    elif change == "empty":
        file.write_bytes(b"")
    elif change == "lfs":
        file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", encoding="utf-8")
    elif change == "no weights":
        file.unlink()
    elif change == "misnamed":
        file.rename(folder / "pytorch_model.bin")
    elif change == "lfs bin":
        file.unlink()
        (folder / "pytorch_model.bin").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "utf-8")
    elif change == "no map":
        file.unlink()
        index.write_text("{}", encoding="utf-8")
    elif change == "outside":
        file.unlink()
        index.write_text(json.dumps({"weight_map": {OUT: "../model.safetensors"}}), encoding="utf-8")
    elif change == "shard lost":
        file.unlink()
        index.write_text(json.dumps({"weight_map": {OUT: "model-1.safetensors"}}), encoding="utf-8")
    elif change == "tensor lost":
        file.rename(folder / "model-1.safetensors")
        index.write_text(json.dumps({"weight_map": {"other": "model-1.safetensors"}}), encoding="utf-8")


@pytest.mark.parametrize(("change", "error", "message"), [
    ("truncated", CheckpointError, "model.safetensors is not a complete safetensors file"),
    ("header cut", CheckpointError, "model.safetensors is not a complete safetensors file"),
    ("empty", CheckpointError, "model.safetensors is not a complete safetensors file"),
    ("lfs", CheckpointError, "model.safetensors is a Git LFS pointer, not the file itself"),
    ("no weights", FileNotFoundError, "has no weights: expected model.safetensors or pytorch_model.bin"),
    ("misnamed", CheckpointError, r"pytorch_model\.bin is not read as a file of torch\.save: no zip record"),
    ("lfs bin", CheckpointError, "pytorch_model.bin is a Git LFS pointer, not the file itself"),
    ("no map", CheckpointError, "has no weight_map"),
    ("outside", CheckpointError, r"names files outside the folder: '\.\./model.safetensors'"),
    ("shard lost", CheckpointError, "names files that are not there: 'model-1.safetensors'"),
    ("tensor lost", CheckpointError, "names tensors that their files do not hold: 'other'"),
])
def test_broken_folders(tmp_path: Path, change: str, error: type[Exception], message: str) -> None:
    broken(write(tmp_path, tensors()), change)
    with pytest.raises(error, match=message):
        GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path)


def test_names_that_are_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"hf download abeja/gpt-neox-japanese-2.7b --local-dir gpt-neox-ja"):
        GPTNeoXJapaneseForCausalLM.from_pretrained("abeja/gpt-neox-japanese-2.7b")
    with pytest.raises(FileNotFoundError, match=r"hf download some/model --local-dir model"):
        GPTNeoXJapaneseForCausalLM.from_pretrained("some/model")
    with pytest.raises(FileNotFoundError) as caught:
        GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path / "none")
    assert "hf download" not in str(caught.value)
    (tmp_path / "pytorch_model.bin").touch()
    with pytest.raises(FileNotFoundError, match=r"pytorch_model\.bin' is a file; give the model folder that it is in"):
        GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path / "pytorch_model.bin")


def test_a_folder_without_generation_config(tmp_path: Path, random_ja: Path) -> None:
    shutil.copytree(random_ja, tmp_path / "m")
    (tmp_path / "m" / "generation_config.json").unlink()
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path / "m")
    assert model.generation_config.eos_token_id == model.config.eos_token_id == 809
