"""The derivative of causal self-attention: each step of layers/attention.py, from the last back."""

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.gradients.linear import linear_backward, rows
from neoxja_np.gradients.rotary import apply_rotary_backward
from neoxja_np.layers.attention import merge_heads
from neoxja_np.layers.linear import Linear
from neoxja_np.weights import AttentionWeights


def softmax_backward(dy: Array, y: Array) -> Array:
    """dy [..., M], y [..., M] -> dx [..., M]: y = softmax(x).

    The shares sum to 1, so only how dy differs from its mean, weighted by them, moves anything.
    """
    dx: Array = dy - np.vecdot(dy, y)[..., None]
    dx *= y
    return dx


def attention_scores_backward(dscores: Array, query: Array, key: Array) -> tuple[Array, Array]:
    """dscores [..., L, M], query [..., L, K], key [..., M, K] -> dquery [..., L, K], [..., M, K].

    scores = query key^T / sqrt(K).
    """
    root = query.shape[-1] ** 0.5
    return dscores @ key / root, dscores.swapaxes(-1, -2) @ (query / root)


def split_heads_backward(dquery: Array, dkey: Array, dvalue: Array) -> Array:
    """dquery, dkey, dvalue [..., H, L, K] -> dqkv [..., L, H*3*K]: by heads, as they were split."""
    return merge_heads(np.concatenate([dquery, dkey, dvalue], axis=-1))


def merge_heads_backward(dmerged: Array, *, num_attention_heads: int) -> Array:
    """dmerged [..., L, H*K] -> [..., H, L, K]: each head gets its own part back."""
    *batch, length, width = dmerged.shape
    parts = dmerged.reshape(*batch, length, num_attention_heads, width // num_attention_heads)
    return parts.swapaxes(-3, -2)


def attention_backward(dy: Array, x: Array, query: Array, key: Array, value: Array, weights: Array,
                       context: Array, query_key_value: Linear, dense: Linear,
                       dense_bias: Array | None = None, *, cos: Array, sin: Array,
                       ) -> tuple[Array, AttentionWeights]:
    """dy [..., L, D], x [..., L, D], weights [..., H, L, M], context [..., H, L, K] -> [..., L, D].

    Returns dx and the gradients of the layer's weights. query and key as rotary left them. No
    cache: L = M.
    """
    cos, sin = cos[..., None, :, :], sin[..., None, :, :]  # for every head
    dmerged, ddense = linear_backward(dy, merge_heads(context), **dense)
    dcontext = merge_heads_backward(dmerged, num_attention_heads=context.shape[-3])

    dweights = dcontext @ value.swapaxes(-1, -2)                        # [..., H, L, M]
    dvalue = weights.swapaxes(-1, -2) @ dcontext                        # [..., H, L, K]
    dquery, dkey = attention_scores_backward(softmax_backward(dweights, weights), query, key)

    dqkv = split_heads_backward(apply_rotary_backward(dquery, cos, sin),
                                apply_rotary_backward(dkey, cos, sin), dvalue)
    dx, dquery_key_value = linear_backward(dqkv, x, **query_key_value)
    gradients: AttentionWeights = {"query_key_value": {"weight": dquery_key_value},
                                   "dense": {"weight": ddense}}
    if dense_bias is not None:
        gradients["dense_bias"] = rows(dy).sum(axis=0)
    return dx, gradients
