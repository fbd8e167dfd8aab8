"""The derivative of layer normalisation."""

from neoxja_np.arrays import Array
from neoxja_np.gradients.linear import rows


def layer_norm_backward(dy: Array, x: Array, weight: Array, *, eps: float,
                        ) -> tuple[Array, Array, Array]:
    """dy [..., D], x [..., D], weight [D] -> dx [..., D], dweight [D], dbias [D].

    With n = (x - mean) / sqrt(variance + eps), y = n weight + bias. Adding a constant to x, or
    scaling x, changes no n; so from dn its mean and its part along n are taken away.
    """
    centred: Array = x - x.mean(axis=-1, keepdims=True)
    scale: Array = ((centred * centred).mean(axis=-1, keepdims=True) + eps) ** -0.5
    n = centred * scale
    dn = dy * weight
    along_n: Array = (dn * n).mean(axis=-1, keepdims=True)
    dx: Array = scale * (dn - dn.mean(axis=-1, keepdims=True) - n * along_n)
    return dx, rows(dy * n).sum(axis=0), rows(dy).sum(axis=0)
