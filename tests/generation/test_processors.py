"""What each filter leaves; equality with Hugging Face is in tests/checks.py."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from neoxja_np.generation.processors import apply_temperature, keep_top_k, keep_top_p
from neoxja_np.layers.attention import softmax

LOGITS = arrays(np.float64, (2, 9), elements=st.integers(-8, 8).map(float))


@given(LOGITS, st.integers(1, 12))
def test_top_k_keeps_the_k_largest_and_their_equals(logits: np.ndarray, k: int) -> None:
    for row, kept in zip(logits, keep_top_k(logits, top_k=k), strict=True):
        smallest = sorted(row)[-min(k, 9)]
        assert kept.tolist() == [value if value >= smallest else -np.inf for value in row]


@given(LOGITS, st.floats(0, 1, exclude_max=True))
def test_top_p_keeps_the_fewest_that_reach_p(logits: np.ndarray, p: float) -> None:
    for row, kept in zip(logits, keep_top_p(logits, top_p=p), strict=True):
        shares, count = np.sort(softmax(row))[::-1], np.isfinite(kept).sum()
        assert count >= 1
        assert shares[:count].sum() >= p - 1e-12
        assert count == 1 or shares[:count - 1].sum() < p + 1e-12
        assert np.sort(row)[::-1][:count].tolist() == sorted(kept[np.isfinite(kept)])[::-1]


@given(LOGITS, st.floats(0.1, 10))
def test_temperature_keeps_the_order(logits: np.ndarray, temperature: float) -> None:
    warm = apply_temperature(logits, temperature=temperature)
    assert np.allclose(warm * temperature, logits, rtol=1e-15)


def test_top_p_takes_away_what_reaches_exactly_one_minus_p() -> None:
    kept = keep_top_p(np.zeros(4), top_p=0.75)  # four shares of a quarter, exactly
    assert np.isfinite(kept).sum() == 3
