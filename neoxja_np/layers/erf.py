"""The error function, which NumPy lacks: two polynomials a precision, within 2 ulp everywhere."""

from collections.abc import Sequence

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.layers.erf_coefficients import NEAR_ZERO, TAIL


def polynomial(x: Array, coefficients: Sequence[float]) -> Array:
    """x [...] -> [...]: Horner's rule, coefficients from the highest power down."""
    total = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        total *= x
        total += coefficient
    return total


def erf(x: Array) -> Array:
    """x [...] -> [...]: 2 / sqrt(pi) times the integral of exp(-t²) from 0 to x.

    Odd, and 1 to the last bit from 6 on. Near zero a polynomial in x²; beyond 1,
    1 - exp(-x²) times one.
    """
    size = np.minimum(np.abs(x), 6.0)
    near = np.minimum(size, 1.0)
    near = near + near * polynomial(near * near, NEAR_ZERO[x.dtype.name])
    t = (size - 2.0) / (size + 2.0)
    tail = 1.0 - np.exp(-size * size) * polynomial(t, TAIL[x.dtype.name])
    signed: Array = np.copysign(np.where(size <= 1.0, near, tail), x)
    return signed
