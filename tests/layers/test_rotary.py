"""Rotary in loops, and its one purpose: scores depend on distance alone."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neoxja_np.layers.rotary import apply_rotary, rotary_tables, rotate_half

RNG = np.random.default_rng(0)


def tables(positions: object, rotary_ndims: int = 6) -> tuple[np.ndarray, np.ndarray]:
    return rotary_tables(np.asarray(positions), rotary_ndims=rotary_ndims, base=10000.0, angle_dtype="float64")


def test_tables() -> None:
    cos, sin = tables([0, 1, 7])
    for row, position in enumerate([0, 1, 7]):
        for i in range(6):
            angle = position * 10000.0 ** (-2 * (i % 3) / 6)
            assert abs(cos[row, i] - math.cos(angle)) <= 1e-12
            assert abs(sin[row, i] - math.sin(angle)) <= 1e-12


def test_pairs_are_turned_in_the_plane() -> None:
    x = RNG.normal(size=(2, 4, 8))  # the last 2 of 8 dimensions are not turned
    cos, sin = tables([0, 1, 2, 5])
    got = apply_rotary(x, cos, sin)
    for position, place in enumerate([0, 1, 2, 5]):
        for i in range(3):
            turn = np.exp(1j * place * 10000.0 ** (-2 * i / 6))
            turned = (x[:, position, i] + 1j * x[:, position, i + 3]) * turn
            assert np.abs(got[:, position, i] - turned.real).max() <= 1e-12
            assert np.abs(got[:, position, i + 3] - turned.imag).max() <= 1e-12
    assert (got[..., 6:] == x[..., 6:]).all()


def test_rotate_half_twice_is_minus_one() -> None:
    x = RNG.normal(size=(3, 6))
    assert (rotate_half(rotate_half(x)) == -x).all()


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 40))
def test_scores_depend_on_distance_alone(start: int, other: int, distance: int) -> None:
    query, key = np.random.default_rng(1).normal(size=(2, 1, 6))
    scores = [(apply_rotary(query, *tables([p + distance])) @ apply_rotary(key, *tables([p])).T).item()
              for p in (start, other)]
    assert abs(scores[0] - scores[1]) <= 1e-11  # an angle of 2000 has a unit of 2e-13


def test_float32_angles_are_float32_all_the_way() -> None:
    cos, _ = rotary_tables(np.array([2047]), rotary_ndims=6, base=10000.0, angle_dtype="float32")
    frequencies = np.float32(1) / np.float32(10000) ** (np.array([0, 2, 4], np.float32) / np.float32(6))
    assert (cos[0, :3] == np.cos(np.float32(2047) * frequencies)).all()
    exact = np.cos(2047 * 10000.0 ** (-np.array([0, 2, 4]) / 6)).astype(np.float32)
    assert (cos[0, :3] != exact).any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_angles_in_the_dtype_asked_for(dtype: str) -> None:
    cos, _ = rotary_tables(np.array([3]), rotary_ndims=4, base=10000.0, angle_dtype=dtype)
    assert cos.dtype == dtype
