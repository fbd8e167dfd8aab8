"""The derivatives of the functions that hidden_act may name.

Each is x times a share of it that passes: y = x s(x), so dx = dy (s + x s'). The share is read off
y, which spares the derivative what was dear in the function.
"""

import math
from collections.abc import Callable

import numpy as np

from neoxja_np.arrays import Array, in_blocks


def share(x: Array, y: Array) -> Array:
    """x [...], y [...] -> [...]: y / x, and at 0 its limit: one half of each of these passes there.
    """
    at_zero = np.abs(x) < np.finfo(x.dtype).tiny  # or with too few digits to divide by
    with np.errstate(divide="ignore", invalid="ignore"):
        passes: Array = np.where(at_zero, 0.5, y / x)
    return passes


def gelu_backward(dy: Array, x: Array, y: Array) -> Array:
    """dy [...], x [...], y [...] -> dx [...]: the share is that of a normal distribution below x.

    Its derivative is the distribution's density, exp(-x² / 2) / sqrt(2 pi).
    """
    density: Array = np.exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
    return dy * (share(x, y) + x * density)


def gelu_tanh_backward(dy: Array, x: Array, y: Array) -> Array:
    """dy [...], x [...], y [...] -> dx [...]: the share is (1 + t) / 2, t a tanh; t' = 1 - t²."""
    s = share(x, y)
    inner = math.sqrt(2 / math.pi) * (1.0 + 3 * 0.044715 * x * x)
    return dy * (s + x * 2.0 * s * (1.0 - s) * inner)


def relu_backward(dy: Array, x: Array, y: Array) -> Array:
    """dy [...], x [...], y [...] -> dx [...]: dy where x is positive, else 0."""
    return dy * (y > 0)


def silu_backward(dy: Array, x: Array, y: Array) -> Array:
    """dy [...], x [...], y [...] -> dx [...]: the share is the logistic function s; s' = s (1 - s).
    """
    s = share(x, y)
    return dy * s * (1.0 + x * (1.0 - s))


DERIVATIVES: dict[str, Callable[[Array, Array, Array], Array]] = {
    "gelu": gelu_backward, "gelu_new": gelu_tanh_backward, "gelu_pytorch_tanh": gelu_tanh_backward,
    "relu": relu_backward, "silu": silu_backward,
}


def activate_backward(dy: Array, x: Array, y: Array, *, hidden_act: str) -> Array:
    """dy [...], x [...], y [...] -> dx [...]: of the function that the config's hidden_act names.

    y: what that function made of x.
    """
    return in_blocks(DERIVATIVES[hidden_act], dy, x, y)
