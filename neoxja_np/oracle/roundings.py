"""Numbers rounded to half precision, in the dtype that they come in."""

from collections.abc import Callable

import numpy as np

from neoxja_np.arrays import Array

Rounding = Callable[[Array], Array]


def to_bfloat16(x: Array) -> Array:
    """x [...] -> [...]: the nearest bfloat16, ties to even, in the dtype of x."""
    with np.errstate(over="ignore"):
        bits = x.astype(np.float32).view(np.uint32)
    upper = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    return upper.astype(np.uint32).view(np.float32).astype(x.dtype)


def to_float16(x: Array) -> Array:
    """x [...] -> [...]: the nearest float16, in the dtype of x."""
    with np.errstate(over="ignore"):
        return x.astype(np.float16).astype(x.dtype)


ROUNDINGS: dict[str, Rounding] = {"bfloat16": to_bfloat16, "float16": to_float16}
