"""The derivatives of the functions that hidden_act may name."""

import math
from collections.abc import Callable

import numpy as np

from neoxja_np.arrays import Array, in_blocks
from neoxja_np.layers.erf import erf


def gelu_backward(dy: Array, x: Array) -> Array:
    """dy [...], x [...] -> dx [...]: by the product rule, the normal distribution and its density.

    gelu is x P(x), with P the share that lies below x; P' = exp(-x² / 2) / sqrt(2 pi).
    """
    below = 0.5 * (1.0 + erf(x / 2**0.5))
    density: Array = np.exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
    return dy * (below + x * density)


def gelu_tanh_backward(dy: Array, x: Array) -> Array:
    """dy [...], x [...] -> dx [...]: with tanh' = 1 - tanh²."""
    factor = math.sqrt(2 / math.pi)
    t: Array = np.tanh(factor * (x + 0.044715 * x**3))
    inner = factor * (1.0 + 3 * 0.044715 * x * x)
    return dy * 0.5 * (1.0 + t + x * (1.0 - t * t) * inner)


def relu_backward(dy: Array, x: Array) -> Array:
    """dy [...], x [...] -> dx [...]: dy where x is positive, else 0."""
    return dy * (x > 0)


def silu_backward(dy: Array, x: Array) -> Array:
    """dy [...], x [...] -> dx [...]: silu is x s(x), with s the logistic function; s' = s (1 - s).
    """
    share: Array = 0.5 * (1.0 + np.tanh(x * 0.5))
    return dy * share * (1.0 + x * (1.0 - share))


DERIVATIVES: dict[str, Callable[[Array, Array], Array]] = {
    "gelu": gelu_backward, "gelu_new": gelu_tanh_backward, "gelu_pytorch_tanh": gelu_tanh_backward,
    "relu": relu_backward, "silu": silu_backward,
}


def activate_backward(dy: Array, x: Array, *, hidden_act: str) -> Array:
    """dy [...], x [...] -> dx [...]: of the function that the config's hidden_act names."""
    return in_blocks(DERIVATIVES[hidden_act], dy, x)
