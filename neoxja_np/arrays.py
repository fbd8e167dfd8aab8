"""The two kinds of array that the model handles, and functions of each number of one."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]  # weights and activations: float32 or float64
IntArray = NDArray[np.int64]       # token ids and positions
BLOCK = 1 << 17                    # numbers that stay in the cache during dozens of passes


def in_blocks(function: Callable[..., Array], *arrays: Array) -> Array:
    """function(*arrays), where it acts on each number alone: some at a time, which is faster."""
    result = np.empty_like(arrays[0], order="C")
    flat, into = [array.reshape(-1) for array in arrays], result.reshape(-1)
    for start in range(0, into.size, BLOCK):
        block = slice(start, start + BLOCK)
        into[block] = function(*(array[block] for array in flat))
    return result
