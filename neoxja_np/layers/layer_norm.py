"""Layer normalisation: each token's vector brought to mean 0 and variance 1, scaled and shifted."""

from neoxja_np.arrays import Array


def layer_norm(x: Array, weight: Array, bias: Array, *, eps: float) -> Array:
    """x [..., D], weight [D], bias [D] -> [..., D]: each vector normalised by itself.

    (x - mean) / sqrt(variance + eps) * weight + bias, with the biased variance, divided by D, and
    eps inside the root (quirk 4). torch.nn.LayerNorm.
    """
    centred: Array = x - x.mean(axis=-1, keepdims=True)
    variance: Array = (centred * centred).mean(axis=-1, keepdims=True)
    return centred / (variance + eps) ** 0.5 * weight + bias
