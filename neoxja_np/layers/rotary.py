"""Rotary position embedding: a query or key is turned by angles that grow with its position.

The dot product of two turned vectors depends on their distance alone: so attention knows order.
Su et al. 2021, https://arxiv.org/abs/2104.09864.
"""

import numpy as np

from neoxja_np.arrays import Array, IntArray


def rotary_tables(position_ids: IntArray, *, rotary_ndims: int, base: float,
                  angle_dtype: str) -> tuple[Array, Array]:
    """position_ids [..., L] -> two [..., L, R]: cosine and sine of every angle.

    position * base^(-2i / R) for i from 0 to R/2 - 1, twice over. angle_dtype "float32" is what
    Hugging Face computes in, whatever the model's dtype; "float64" is exact (quirk 6).
    """
    exponents = np.arange(0, rotary_ndims, 2, dtype=angle_dtype) / rotary_ndims
    frequencies = 1.0 / base**exponents                                   # [R / 2]
    angles = position_ids[..., None].astype(angle_dtype) * frequencies    # [..., L, R / 2]
    angles = np.concatenate([angles, angles], axis=-1)
    return np.cos(angles), np.sin(angles)


def rotate_half(x: Array) -> Array:
    """x [..., R] -> [..., R]: (first half, second half) becomes (-second half, first half).

    Dimension i is paired with i + R/2; GPT-J pairs neighbours, so its weights do not fit (quirk 2).
    """
    first, second = np.split(x, 2, axis=-1)
    return np.concatenate([-second, first], axis=-1)


def apply_rotary(x: Array, cos: Array, sin: Array) -> Array:
    """x [..., L, K], cos [..., L, R], sin [..., L, R] -> [..., L, K]: turns the first R dimensions.

    The other K - R pass unchanged. apply_rotary_pos_emb.
    """
    rotary_ndims = cos.shape[-1]
    turned, passed = x[..., :rotary_ndims], x[..., rotary_ndims:]
    return np.concatenate([turned * cos + rotate_half(turned) * sin, passed], axis=-1)
