"""Stored numbers to those of another dtype, some at a time: the inverse of widen, rounded."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neoxja_np.arrays import Array
from neoxja_np.checkpoint.stored import FLOATS, CheckpointError, StoredTensor
from neoxja_np.checkpoint.widen import BLOCK, widen_into


def to_bfloat16(values: Array) -> NDArray[np.uint16]:
    """values [N] -> [N], as bits: the nearest bfloat16, of two equally near the even one.

    Half of what the last bit that is kept weighs is added before the rest is cut off; a little less
    where that bit is 0. From float64 by way of float32, as in torch.
    """
    bits = values.astype(np.float32).view(np.uint32)
    bits += 0x7FFF + ((bits >> 16) & 1)
    return (bits >> 16).astype(np.uint16)


def is_finite(bits: NDArray[Any], dtype: str) -> bool:
    """Whether stored numbers are neither NaN nor infinity: then not all bits of the exponent are 1.
    """
    if dtype == "BF16":
        return bool((bits & 0x7F80 != 0x7F80).all())
    return bool(np.isfinite(bits).all())


def narrowed(name: str, tensor: StoredTensor, dtype: str,
             done: Callable[[int], object]) -> Iterator[NDArray[Any]]:
    """The tensor's numbers in the stored dtype `dtype`; `done` hears of each block's bytes.

    Raises CheckpointError at one that is not finite, or that the dtype is too small for.
    """
    whole = tensor.bits()
    source = whole.reshape(-1) if tensor.strides is None else whole.flat  # reshape copies a view
    for start in range(0, tensor.size, BLOCK):
        bits = source[start:start + BLOCK]
        values: Array = np.empty(bits.shape, np.float64 if tensor.dtype == "F64" else np.float32)
        if not widen_into(bits, tensor.dtype, values):
            raise CheckpointError(f"not finite: {name} holds NaN or infinity")
        if dtype != tensor.dtype:
            with np.errstate(over="ignore"):
                bits = to_bfloat16(values) if dtype == "BF16" else values.astype(FLOATS[dtype])
            if not is_finite(bits, dtype):
                raise CheckpointError(f"{name} holds {np.abs(values).max():g} or its negative, "
                                      f"which is too large for {dtype}; choose a dtype that "
                                      "reaches further, or none")
        yield bits
        done(bits.nbytes)
