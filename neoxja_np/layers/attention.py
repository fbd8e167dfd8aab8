"""Causal self-attention: every token mixes the values of the tokens that it may see."""

from typing import Any

import numpy as np

from neoxja_np.arrays import Array, IntArray
from neoxja_np.cache import LayerCache
from neoxja_np.layers.linear import Linear, linear
from neoxja_np.layers.rotary import apply_rotary
from neoxja_np.tap import Tap, silent


def causal_mask(length: int, *, past: int, attention_mask: IntArray | None,
                dtype: np.dtype[Any]) -> Array:
    """attention_mask [..., M] -> [..., L, M]: 0 where i may see j, else the dtype's lowest number.

    It may where j stands no later than i, of L new tokens behind `past` others, and is no padding.
    A row that may see nothing gets equal weights over everything, and no NaN (quirk 5).
    create_causal_mask.
    """
    allowed = np.tri(length, past + length, k=past, dtype=bool)
    if attention_mask is not None:
        allowed = allowed & (attention_mask != 0)[..., None, :]
    mask: Array = np.where(allowed, 0.0, np.finfo(dtype).min).astype(dtype)
    return mask


def softmax(x: Array) -> Array:
    """x [..., M] -> [..., M]: exp(x) divided by its sum.

    Shifted by the maximum first, which changes nothing but keeps exp from overflowing.
    """
    shares: Array = x - x.max(axis=-1, keepdims=True)
    np.exp(shares, out=shares)
    shares /= shares.sum(axis=-1, keepdims=True)
    return shares


def split_heads(qkv: Array, *, num_attention_heads: int) -> tuple[Array, Array, Array]:
    """qkv [..., L, H*3*K] -> three [..., H, L, K]: by heads, each query, key, value (quirk 1)."""
    *batch, length, width = qkv.shape
    heads = qkv.reshape(*batch, length, num_attention_heads, width // num_attention_heads)
    query, key, value = np.split(heads.swapaxes(-3, -2), 3, axis=-1)
    return query, key, value


def attention_scores(query: Array, key: Array) -> Array:
    """query [..., L, K], key [..., M, K] -> [..., L, M]: dot products, over sqrt(K).

    A dot product of K numbers of variance 1 has variance K; divided by its root, it has 1 again.
    """
    scores: Array = (query / query.shape[-1] ** 0.5) @ key.swapaxes(-1, -2)
    return scores


def merge_heads(context: Array) -> Array:
    """context [..., H, L, K] -> [..., L, H*K]: the heads side by side again."""
    *batch, heads, length, head_size = context.shape
    return context.swapaxes(-3, -2).reshape(*batch, length, heads * head_size)


def attention(x: Array, query_key_value: Linear, dense: Linear, dense_bias: Array | None = None, *,
              num_attention_heads: int, cos: Array, sin: Array, mask: Array,
              cache: LayerCache | None = None, tap: Tap = silent) -> Array:
    """x [..., L, D], cos [..., L, R], sin [..., L, R], mask [..., L, M] -> [..., L, D].

    Mixes tokens: softmax(query key^T / sqrt(K) + mask) value, a head at a time, then one
    projection. GPTNeoXJapaneseAttention.
    """
    cos, sin, mask = (same[..., None, :, :] for same in (cos, sin, mask))  # for every head
    qkv = tap("query_key_value", linear(x, **query_key_value))
    query, key, value = split_heads(qkv, num_attention_heads=num_attention_heads)
    query, key, value = tap("query", query), tap("key", key), tap("value", value)
    query = tap("query_rotary", apply_rotary(query, cos, sin))
    key = tap("key_rotary", apply_rotary(key, cos, sin))
    if cache is not None:
        key, value = cache.extend(key, value)                          # [..., H, M, K]

    scores = tap("scores", attention_scores(query, key))               # [..., H, L, M]
    weights = tap("weights", softmax(scores + mask))
    context = tap("context", weights @ value)                          # [..., H, L, K]

    out = linear(merge_heads(context), **dense)
    return tap("dense", out if dense_bias is None else out + dense_bias)
