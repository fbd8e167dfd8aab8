"""A linear layer: one matrix, no bias."""

from neoxja_np.arrays import Array


def linear(x: Array, weight: Array) -> Array:
    """x [..., I], weight [O, I] -> [..., O]: each output is x times one row of the weight, summed.

    x W^T, torch.nn.Linear without a bias. No linear layer of this model has one (quirk 3).
    """
    return x @ weight.T
