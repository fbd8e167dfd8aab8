"""A linear layer in loops."""

import numpy as np
import pytest
from neoxja_np.layers.linear import FEW, linear


def test_every_output_is_a_dot_product_with_a_row() -> None:
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 3, 5)), rng.normal(size=(4, 5))
    expected = [[[sum(x[b, t, i] * weight[o, i] for i in range(5)) for o in range(4)] for t in range(3)]
                for b in range(2)]
    assert np.abs(linear(x, weight) - np.array(expected)).max() <= 1e-12


def test_a_zero_input_gives_zero_for_there_is_no_bias() -> None:
    assert not linear(np.zeros((2, 5)), np.random.default_rng(0).normal(size=(4, 5))).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(7,), (1, 7), (2, 7), (3, 1, 7), (2, 2, 8, 7), (FEW, 7), (FEW + 1, 7), (2, 0, 7)])
def test_few_rows_and_many_give_what_the_plain_product_gives(dtype: type, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=shape).astype(dtype), rng.normal(size=(5, 7)).astype(dtype)
    plain = x @ weight.T
    out = linear(x, weight)
    assert (out.shape, out.dtype) == (plain.shape, plain.dtype)
    assert np.abs(out - plain).max(initial=0) <= 32 * np.finfo(dtype).eps
    turned = np.asfortranarray(x)
    assert np.abs(linear(turned, weight) - plain).max(initial=0) <= 32 * np.finfo(dtype).eps
