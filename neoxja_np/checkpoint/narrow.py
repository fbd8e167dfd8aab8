"""Stored numbers to those of another dtype, some at a time: the inverse of widen, rounded."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neoxja_np.arrays import Array
from neoxja_np.checkpoint.stored import FLOATS, CheckpointError, StoredTensor
from neoxja_np.checkpoint.widen import BLOCK, widen_into

# From which size on a number is rounded to infinity: half a step above the largest.
INFINITE = {"F16": 65520.0, "BF16": 2.0**128 - 2.0**119, "F32": 2.0**128 - 2.0**103, "F64": np.inf}


def to_bfloat16(values: Array) -> NDArray[np.uint16]:
    """values [N] -> [N], as bits: the nearest bfloat16, of two equally near the even one.

    Half of what the last bit that is kept weighs is added before the rest is cut off; a little less
    where that bit is 0. From float64 by way of float32, as in torch.
    """
    bits = values.astype(np.float32).view(np.uint32)
    bits += 0x7FFF + ((bits >> 16) & 1)
    return (bits >> 16).astype(np.uint16)


def narrowed(name: str, tensor: StoredTensor, dtype: str,
             done: Callable[[int], object]) -> Iterator[NDArray[Any]]:
    """The tensor's numbers in the stored dtype `dtype`; `done` hears of each block's bytes.

    Raises CheckpointError at one that is not finite, or that the dtype is too small for.
    """
    source = tensor.bits().reshape(-1)
    for start in range(0, tensor.size, BLOCK):
        bits = source[start:start + BLOCK]
        values: Array = np.empty(bits.shape, np.float64 if tensor.dtype == "F64" else np.float32)
        if not widen_into(bits, tensor.dtype, values):
            raise CheckpointError(f"not finite: {name} holds NaN or infinity")
        if dtype != tensor.dtype:
            largest = float(max(values.max(), -values.min()))
            if largest >= INFINITE[dtype]:
                raise CheckpointError(f"{name} holds {largest:g} or its negative, which is too "
                                      f"large for {dtype}")
            bits = to_bfloat16(values) if dtype == "BF16" else values.astype(FLOATS[dtype])
        yield bits
        done(bits.nbytes)
