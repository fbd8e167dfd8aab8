"""Layer normalisation in loops, and what it forgets."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from neoxja_np.layers.layer_norm import layer_norm

RNG = np.random.default_rng(0)
WEIGHT, BIAS = RNG.normal(size=6), RNG.normal(size=6)


def in_loops(x: np.ndarray, eps: float) -> np.ndarray:
    rows = []
    for row in x.reshape(-1, 6):
        mean = sum(row) / 6
        variance = sum((value - mean) ** 2 for value in row) / 6
        rows.append([(row[i] - mean) / math.sqrt(variance + eps) * WEIGHT[i] + BIAS[i] for i in range(6)])
    return np.array(rows).reshape(x.shape)


def test_formula() -> None:
    for scale in (1e-4, 1.0, 1e4):  # at the first, the variance is smaller than eps
        x = RNG.normal(size=(2, 3, 6)) * scale
        assert np.abs(layer_norm(x, WEIGHT, BIAS, eps=1e-5) - in_loops(x, 1e-5)).max() <= 1e-12


@given(st.floats(0.5, 100), st.floats(-100, 100))
def test_scale_and_shift_of_the_input_are_forgotten(scale: float, shift: float) -> None:
    x = np.arange(6.0) ** 2
    one, other = (layer_norm(v, WEIGHT, BIAS, eps=1e-12) for v in (x, x * scale + shift))
    assert np.allclose(one, other, rtol=1e-9, atol=1e-9)  # cancellation of a shift 100 times the spread


def test_a_large_mean_costs_no_digits_of_the_variance() -> None:
    x = (np.float32(1e4) + np.arange(6, dtype=np.float32))[None]  # exact in float32; its squares are not
    got = layer_norm(x, WEIGHT.astype(np.float32), BIAS.astype(np.float32), eps=1e-5)
    assert np.abs(got - in_loops(x.astype(np.float64), 1e-5)).max() <= 1e-6


def test_a_constant_row_becomes_the_bias() -> None:
    assert (layer_norm(np.full(6, 3.25), WEIGHT, BIAS, eps=1e-5) == BIAS).all()
