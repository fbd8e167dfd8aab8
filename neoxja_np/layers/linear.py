"""A linear layer: one matrix, no bias."""

from typing import TypedDict

from neoxja_np.arrays import Array


class Linear(TypedDict):
    """The weights of a linear layer; no linear layer of this model has a bias (quirk 3)."""

    weight: Array  # [out, in]


def linear(x: Array, weight: Array) -> Array:
    """x [..., I], weight [O, I] -> [..., O]: each output is x times one row of the weight, summed.

    x W^T, torch.nn.Linear without a bias.
    """
    return x @ weight.T
