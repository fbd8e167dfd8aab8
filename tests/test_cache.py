"""The cache by itself; that it changes no logits is in tests/checks.py."""

import numpy as np
import pytest
from neoxja_np import GPTNeoXJapaneseForCausalLM, KeyValueCache


def test_crop_forgets_and_copy_is_apart(model: GPTNeoXJapaneseForCausalLM) -> None:
    ids = np.arange(20, 29)[None]
    whole = model(ids).logits
    cache = model(ids[:, :6]).past_key_values
    assert cache is not None
    other = cache.copy()
    cache.crop(4)
    assert (cache.length, other.length) == (4, 6)
    after = model(ids[:, 4:], past_key_values=cache).logits
    assert np.allclose(after, whole[:, 4:], rtol=1e-12, atol=1e-12)
    assert np.allclose(model(ids[:, 6:], past_key_values=other).logits, whole[:, 6:], rtol=1e-12, atol=1e-12)


def test_crop_cannot_lengthen(model: GPTNeoXJapaneseForCausalLM) -> None:
    cache = model([[1, 2]]).past_key_values
    assert cache is not None
    with pytest.raises(ValueError, match="cannot crop a cache of 2 tokens to 3"):
        cache.crop(3)
    with pytest.raises(TypeError):
        cache.crop(1.5)


def test_a_failed_call_leaves_the_cache_as_it_was(model: GPTNeoXJapaneseForCausalLM) -> None:
    cache = model([[1, 2]]).past_key_values
    assert cache is not None

    def fail(name: str, value: np.ndarray) -> np.ndarray:
        if name == "layers.1.attention.scores":
            raise RuntimeError("stop")
        return value

    before = model([[3]], past_key_values=cache.copy()).logits
    with pytest.raises(RuntimeError, match="stop"):
        model([[9]], past_key_values=cache, tap=fail)
    assert cache.length == 2
    assert (model([[3]], past_key_values=cache).logits == before).all()


def test_it_grows_where_it_must(model: GPTNeoXJapaneseForCausalLM) -> None:
    ids = np.arange(20, 29)[None]
    cache = KeyValueCache.empty(layers=3, batch=(1,), heads=4, capacity=2, head_size=16, dtype=model.dtype)
    rooms = []
    for token in range(9):
        logits = model(ids[:, token:token + 1], past_key_values=cache).logits
        rooms.append(cache.capacity)
    assert rooms == [2, 2, 4, 4, 8, 8, 8, 8, 16]
    assert np.allclose(logits, model(ids).logits[:, -1:], rtol=1e-12, atol=1e-12)
    assert repr(cache) == "KeyValueCache(9 of 16 tokens)"


def test_a_copy_shares_nothing(model: GPTNeoXJapaneseForCausalLM) -> None:
    cache = model([[20, 21, 22]]).past_key_values
    assert cache is not None
    other = cache.copy()
    assert other.capacity == 3
    before = model([[30]], past_key_values=cache.copy()).logits
    cache.keys[:], cache.values[:] = 7.0, 8.0
    assert (model([[30]], past_key_values=other).logits == before).all()
    assert not np.shares_memory(other.keys, other.values)


def test_a_cache_of_another_batch_or_dtype_is_refused(model: GPTNeoXJapaneseForCausalLM) -> None:
    cache = model([[1, 2]]).past_key_values
    with pytest.raises(ValueError, match="past_key_values is for"):
        model([[1], [2]], past_key_values=cache)
    for none in (False, (), "cache"):
        with pytest.raises(TypeError, match="past_key_values must be a KeyValueCache"):
            model([[1]], past_key_values=none)
    single = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja")
    with pytest.raises(ValueError, match="past_key_values is for"):
        single([[1]], past_key_values=cache)
