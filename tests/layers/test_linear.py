"""A linear layer in loops."""

import numpy as np
from neoxja_np.layers.linear import linear


def test_every_output_is_a_dot_product_with_a_row() -> None:
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 3, 5)), rng.normal(size=(4, 5))
    expected = [[[sum(x[b, t, i] * weight[o, i] for i in range(5)) for o in range(4)] for t in range(3)]
                for b in range(2)]
    assert np.abs(linear(x, weight) - np.array(expected)).max() <= 1e-12


def test_a_zero_input_gives_zero_for_there_is_no_bias() -> None:
    assert not linear(np.zeros((2, 5)), np.random.default_rng(0).normal(size=(4, 5))).any()
