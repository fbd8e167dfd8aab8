"""The activations against their definitions, number by number."""

import math

import numpy as np
import pytest
from neoxja_np.layers.activation import ACTIVATIONS, activate, gelu, gelu_tanh

X = np.concatenate([np.linspace(-6, 6, 241), [-1e4, -40.0, 40.0, 1e4]])
DEFINITIONS = {
    "gelu": lambda x: x / 2 * (1 + math.erf(x / math.sqrt(2))),
    "gelu_new": lambda x: x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "relu": lambda x: max(x, 0.0),
    "silu": lambda x: x / (1 + math.exp(-x)) if x > -700 else 0.0,
}
DEFINITIONS["gelu_pytorch_tanh"] = DEFINITIONS["gelu_new"]


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_definition(name: str, dtype: type) -> None:
    expected = np.array([DEFINITIONS[name](float(x)) for x in X.astype(dtype)])
    unit = np.finfo(dtype).eps * np.maximum(np.abs(X), 1)  # 1 + erf(x) loses digits at the left, in torch too
    assert (np.abs(activate(X.astype(dtype), hidden_act=name) - expected) <= 4 * unit).all()


def test_gelu_is_not_its_tanh_form() -> None:
    difference = np.abs(gelu(X) - gelu_tanh(X)).max()
    assert 4e-4 < difference < 5e-4


@pytest.mark.parametrize("shape", [(), (3,), (0,), (5, 7, 1000)])
@pytest.mark.parametrize("hidden_act", ACTIVATIONS)
def test_in_blocks_is_the_same_bit_for_bit(hidden_act: str, shape: tuple[int, ...]) -> None:
    for dtype in ("float32", "float64"):
        x = np.random.default_rng(0).normal(size=shape).astype(dtype)
        x = x if x.ndim < 2 else x.swapaxes(0, 1)  # not in the order of memory
        assert np.array_equal(activate(x, hidden_act=hidden_act), ACTIVATIONS[hidden_act](x))
