"""The functions that hidden_act may name; this model's is gelu."""

import math
from collections.abc import Callable

import numpy as np

from neoxja_np.arrays import Array, in_blocks
from neoxja_np.layers.erf import erf


def gelu(x: Array) -> Array:
    """x [...] -> [...]: x times the share of a normal distribution that lies below x.

    x / 2 (1 + erf(x / sqrt(2))), not the tanh form (quirk 7). torch.nn.GELU().
    Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415.
    """
    return x * 0.5 * (1.0 + erf(x / 2**0.5))


def gelu_tanh(x: Array) -> Array:
    """x [...] -> [...]: gelu approximated by tanh, at most 5e-4 away. torch.nn.GELU("tanh")."""
    return x * 0.5 * (1.0 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def relu(x: Array) -> Array:
    """x [...] -> [...]: x where it is positive, else 0."""
    positive: Array = np.maximum(x, 0.0)
    return positive


def silu(x: Array) -> Array:
    """x [...] -> [...]: x times the logistic function of x, by tanh, which cannot overflow."""
    share: Array = 0.5 * (1.0 + np.tanh(x * 0.5))
    return x * share


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "gelu": gelu, "gelu_new": gelu_tanh, "gelu_pytorch_tanh": gelu_tanh, "relu": relu, "silu": silu,
}


def activate(x: Array, *, hidden_act: str) -> Array:
    """x [...] -> [...]: the function that the config's hidden_act names."""
    return in_blocks(ACTIVATIONS[hidden_act], x)
