"""Weights that stay in their file: the same numbers, less memory."""

from pathlib import Path

import numpy as np
import pytest
from neoxja_np import CheckpointError, GPTNeoXJapaneseForCausalLM
from neoxja_np.checkpoint import at_rest
from neoxja_np.checkpoint.at_rest import StoredMatrix
from neoxja_np.convert import convert
from neoxja_np.layers.embedding import embedding
from neoxja_np.layers.linear import FEW, linear
from neoxja_np.weights import flatten
from tests.checkpoint.test_folder import IDS, IN, OUT, tensors, write


@pytest.fixture(params=["float16", "bfloat16", "float32", "float64"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    convert(write(tmp_path / "source", tensors()), tmp_path / "stored", dtype=request.param)
    return tmp_path / "stored"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_model_at_rest_says_what_the_model_in_memory_says(folder: Path, dtype: str) -> None:
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(folder, dtype)
    resting = GPTNeoXJapaneseForCausalLM.from_pretrained(folder, dtype, weights_dtype="stored")
    assert repr(resting) == repr(model)
    expected = model(IDS).logits
    assert np.abs(resting(IDS).logits - expected).max() <= 16 * np.finfo(dtype).eps * np.abs(expected).max()
    assert (resting.generate(IDS * 2, max_new_tokens=9) == model.generate(IDS * 2, max_new_tokens=9)).all()
    resting.save_pretrained(folder / "again", max_shard_size=5000)
    again = GPTNeoXJapaneseForCausalLM.from_pretrained(folder / "again", dtype)
    assert all((array == flatten(model.weights)[name]).all() for name, array in flatten(again.weights).items())


def test_only_matrices_of_another_dtype_are_widened_when_used(folder: Path) -> None:
    weights = flatten(GPTNeoXJapaneseForCausalLM.from_pretrained(folder, weights_dtype="stored").weights)
    mapped = folder.name == "stored" and "float32" in (folder / "config.json").read_text("utf-8")
    for name, array in weights.items():
        assert isinstance(array, StoredMatrix) == (array.ndim == 2 and not mapped), name
        if array.ndim == 2:
            stored = array if mapped else array.bits
            assert not stored.flags.writeable
            assert not stored.flags.owndata


@pytest.mark.parametrize("rows", [1, 2, FEW, FEW + 1])
def test_products_in_blocks(folder: Path, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(folder, "float64", weights_dtype="stored")
    matrix = model.weights["embed_out"]["weight"]
    whole = np.asarray(matrix)
    x = np.random.default_rng(0).normal(size=(rows, 12))
    expected = x @ whole.T
    for block in (1, 13, 36, 1000):
        monkeypatch.setattr(at_rest, "BLOCK", block)
        assert np.abs(linear(x, matrix) - expected).max() <= 1e-14
        assert (x[None] @ matrix.T == linear(x, matrix)).all() or rows > 1
        assert np.abs(x[None] @ matrix.T - expected).max() <= 1e-14
    assert (embedding(np.array([[3, 3, 10]]), matrix) == whole[[[3, 3, 10]]]).all()


def test_an_embedding_at_rest_may_be_tied(tmp_path: Path) -> None:
    weights = tensors()
    del weights[OUT]
    half = {name: array.astype(np.float16) for name, array in weights.items()}
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(write(tmp_path, half, tie=True), weights_dtype="stored")
    assert model.weights["embed_out"]["weight"] is model.weights["gpt_neox_japanese"]["embed_in"]["weight"]


def test_what_is_not_finite_is_refused_at_rest_too(tmp_path: Path) -> None:
    half = {name: array.astype(np.float16) for name, array in tensors().items()}
    half[IN][10, 11] = np.inf
    with pytest.raises(CheckpointError, match=f"not finite: {IN} holds NaN or infinity"):
        GPTNeoXJapaneseForCausalLM.from_pretrained(write(tmp_path, half), weights_dtype="stored")


def test_another_weights_dtype_is_none(random_ja: Path) -> None:
    with pytest.raises(ValueError, match='weights_dtype must be None or "stored", got \'float16\''):
        GPTNeoXJapaneseForCausalLM.from_pretrained(random_ja, weights_dtype="float16")
