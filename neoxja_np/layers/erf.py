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
    result = np.asarray(size + size * polynomial(size * size, NEAR_ZERO[x.dtype.name]))
    far = np.flatnonzero(size > 1.0)
    s = size.take(far)
    tail = polynomial((s - 2.0) / (s + 2.0), TAIL[x.dtype.name])
    result.put(far, 1.0 - np.exp(-s * s) * tail)
    return np.copysign(result, x, out=result)
