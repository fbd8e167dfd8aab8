"""Drawing: the inverse of the cumulative distribution."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neoxja_np.generation.sampler import draw, greedy
from neoxja_np.layers.attention import softmax

BELOW_ONE = float(np.nextafter(1.0, 0.0))


def test_the_line_is_shared_out_in_order() -> None:
    probabilities = np.array([0.25, 0.0, 0.5, 0.25])
    for u, token in ((0.0, 0), (0.2499, 0), (0.25, 2), (0.5, 2), (0.7499, 2), (0.75, 3), (BELOW_ONE, 3)):
        assert draw(probabilities, np.array(u)) == token


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12).filter(any), st.floats(0, BELOW_ONE))
def test_what_has_no_probability_is_never_drawn(weights: list[int], u: float) -> None:
    probabilities = np.array(weights, np.float32) / np.float32(sum(weights))
    assert probabilities[draw(probabilities, np.array(u))] > 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_frequencies(dtype: type) -> None:
    logits = np.random.default_rng(0).normal(0, 2, 20).astype(dtype)
    probabilities = softmax(logits)
    u = (np.arange(100_000) + 0.5) / 100_000  # evenly, so that the counts are exact to one
    counts = np.bincount(draw(np.broadcast_to(probabilities, (100_000, 20)), u), minlength=20)
    assert np.abs(counts - 100_000 * probabilities).max() <= 1.1  # float32 sums to one within 1e-7


def test_a_large_vocabulary_in_float32_is_shared_out_exactly() -> None:
    probabilities = np.full(32_768, 2.0**-15, np.float32) * np.float32(0.7)  # float32 would sum these with errors
    for token in (1, 9_999, 20_001, 32_767):
        assert draw(probabilities, (token + 0.5) / 32_768) == token


def test_no_token_beyond_the_last_when_shares_sum_to_less_than_one() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        probabilities = softmax(rng.normal(0, 1, 7).astype(np.float32))
        assert draw(probabilities, BELOW_ONE) == 6


@pytest.mark.parametrize("bad", [[np.nan, 1.0], [np.inf, 1.0], [0.0, 0.0]])
def test_what_are_no_probabilities(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="probabilities must be finite"):
        draw(np.array(bad), 0.5)


def test_greedy_takes_the_first_of_equals() -> None:
    assert greedy(np.array([[1.0, 3.0, 3.0], [0.0, -1.0, 0.0]])).tolist() == [1, 0]
