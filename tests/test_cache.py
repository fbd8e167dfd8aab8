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


def test_a_full_cache_says_so(model: GPTNeoXJapaneseForCausalLM) -> None:
    cache = KeyValueCache.empty(model.config, batch=(1,), capacity=3, dtype=model.dtype)
    model([[1, 2]], past_key_values=cache)
    with pytest.raises(ValueError, match="room for 3 tokens: 2 are in it, 2 more do not fit"):
        model([[1, 2]], past_key_values=cache)


def test_a_cache_of_another_batch_or_dtype_is_refused(model: GPTNeoXJapaneseForCausalLM) -> None:
    cache = model([[1, 2]]).past_key_values
    with pytest.raises(ValueError, match="past_key_values is for"):
        model([[1], [2]], past_key_values=cache)
    single = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja")
    with pytest.raises(ValueError, match="past_key_values is for"):
        single([[1]], past_key_values=cache)
