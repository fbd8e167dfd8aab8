"""Stored numbers to numbers that NumPy computes with."""

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.checkpoint.safetensors_file import StoredTensor


def widen(tensor: StoredTensor, dtype: np.dtype) -> Array:
    """The tensor in memory as float32 or float64. Exact, but for F64 to float32, which rounds.

    bfloat16 is the upper half of a float32, so its bits need only be moved there.
    """
    bits = tensor.bits()
    if tensor.dtype == "BF16":
        bits = (bits.astype(np.uint32) << 16).view(np.float32)
    # What float32 cannot hold becomes infinite, and is refused by the caller.
    with np.errstate(over="ignore"):
        return np.array(bits, dtype)
