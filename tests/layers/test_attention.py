"""Attention in loops, its mask, and its heads."""

import math

import numpy as np
import pytest
from neoxja_np.layers.attention import attention, attention_scores, causal_mask, merge_heads, softmax, split_heads
from neoxja_np.layers.rotary import apply_rotary, rotary_tables

RNG = np.random.default_rng(0)
L, H, K, R = 5, 3, 4, 2
D = H * K


def in_loops(x: np.ndarray, qkv: np.ndarray, dense: np.ndarray, bias: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """One sequence: a head, a query, a key at a time."""
    cos, sin = rotary_tables(np.arange(L), rotary_ndims=R, base=10000.0, angle_dtype="float64")
    merged = np.zeros((L, D))
    for h in range(H):
        rows = {name: qkv[(3 * h + part) * K:(3 * h + part + 1) * K] for part, name in enumerate("qkv")}
        query, key, value = ([rows[name] @ x[t] for t in range(L)] for name in "qkv")
        for part in (query, key):
            part[:] = [apply_rotary(part[t][None], cos[t:t + 1], sin[t:t + 1])[0] for t in range(L)]
        for i in range(L):
            shares = [math.exp(query[i] @ key[j] / math.sqrt(K)) if allowed[i, j] else 0.0 for j in range(L)]
            merged[i, h * K:(h + 1) * K] = sum(shares[j] / sum(shares) * value[j] for j in range(L))
    return np.array([dense @ merged[t] + bias for t in range(L)])


def test_formula() -> None:
    x, qkv, dense, bias = (RNG.normal(size=shape) for shape in ((L, D), (3 * D, D), (D, D), (D,)))
    cos, sin = rotary_tables(np.arange(L), rotary_ndims=R, base=10000.0, angle_dtype="float64")
    mask = causal_mask(L, past=0, attention_mask=np.array([1, 1, 0, 1, 1]), dtype=np.dtype(float))
    got = attention(x, {"weight": qkv}, {"weight": dense}, bias, num_attention_heads=H, cos=cos, sin=sin, mask=mask)
    allowed = np.tri(L, dtype=bool) & np.array([1, 1, 0, 1, 1], bool)
    assert np.abs(got - in_loops(x, qkv, dense, bias, allowed)).max() <= 1e-12


@pytest.mark.parametrize("past", [0, 3])
def test_mask(past: int) -> None:
    padding = np.array([[0, 1, 1, 1, 1, 1, 1], [1, 1, 2, 1, 1, 1, 1]])[:, :4 + past]  # anything but 0 is seen
    mask = causal_mask(4, past=past, attention_mask=padding, dtype=np.dtype(np.float32))
    assert mask.shape == (2, 4, 4 + past)
    for b in range(2):
        for i in range(4):
            for j in range(4 + past):
                seen = j <= past + i and padding[b, j]
                assert mask[b, i, j] == (0 if seen else np.finfo(np.float32).min)


def test_a_row_that_may_see_nothing_sees_everything_equally() -> None:
    mask = causal_mask(4, past=0, attention_mask=np.array([0, 1, 1, 1]), dtype=np.dtype(np.float32))
    weights = softmax(RNG.normal(size=(4, 4)).astype(np.float32) + mask)
    assert (weights[0] == 0.25).all()
    assert (weights[1] == [0, 1, 0, 0]).all()


def test_softmax_sums_to_one_and_does_not_overflow() -> None:
    x = np.array([[1e4, 1e4, -1e4], [-1e4, -2e4, -np.inf]])
    assert softmax(x).tolist() == [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]
    y = RNG.integers(-32, 32, (3, 7)) / 8  # eighths, to which 100 is added without rounding
    assert np.abs(softmax(y).sum(-1) - 1).max() <= 1e-15
    assert (softmax(y + 100) == softmax(y)).all()


def test_scores_are_dot_products_over_the_root_of_the_head_size() -> None:
    query, key = RNG.normal(size=(2, 3, K)), RNG.normal(size=(2, 5, K))
    expected = [[[sum(query[b, i] * key[b, j]) / math.sqrt(K) for j in range(5)] for i in range(3)] for b in range(2)]
    assert np.abs(attention_scores(query, key) - np.array(expected)).max() <= 1e-12


def test_heads_are_split_head_by_head_and_merged_in_order() -> None:
    qkv = np.arange(2 * L * 3 * D).reshape(2, L, 3 * D).astype(float)
    parts = split_heads(qkv, num_attention_heads=H)
    for part, heads in enumerate(parts):
        for h in range(H):
            assert (heads[:, h] == qkv[..., (3 * h + part) * K:(3 * h + part + 1) * K]).all()
    merged = merge_heads(parts[0])
    assert all((merged[..., h * K:(h + 1) * K] == parts[0][:, h]).all() for h in range(H))
