"""The derivative of layer normalisation."""

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.gradients.linear import rows


def mean_product(a: Array, b: Array) -> Array:
    """a [..., D], b [..., D] -> [..., 1]: the mean of a b over the last axis."""
    mean: Array = np.vecdot(a, b)[..., None] / a.shape[-1]
    return mean


def layer_norm_backward(dy: Array, x: Array, weight: Array, *, eps: float,
                        ) -> tuple[Array, Array, Array]:
    """dy [..., D], x [..., D], weight [D] -> dx [..., D], dweight [D], dbias [D].

    With n = (x - mean) / sqrt(variance + eps), y = n weight + bias. Adding a constant to x, or
    scaling x, changes no n; so from dn its mean and its part along n are taken away.
    """
    centred: Array = x - x.mean(axis=-1, keepdims=True)
    scale: Array = (mean_product(centred, centred) + eps) ** -0.5
    n = centred * scale
    dn = dy * weight
    dx: Array = scale * (dn - dn.mean(axis=-1, keepdims=True) - n * mean_product(dn, n))
    return dx, rows(dy * n).sum(axis=0), rows(dy).sum(axis=0)
