"""A linear layer: one matrix, no bias."""

from typing import TypedDict

from neoxja_np.arrays import Array

FEW = 256  # rows


class Linear(TypedDict):
    """The weights of a linear layer; no linear layer of this model has a bias (quirk 3)."""

    weight: Array  # [out, in]


def linear(x: Array, weight: Array) -> Array:
    """x [..., I], weight [O, I] -> [..., O]: each output is x times one row of the weight, summed.

    x W^T, torch.nn.Linear without a bias.
    """
    rows = x.reshape(-1, x.shape[-1])
    # W x^T is the same, and faster where a large matrix is read for some rows; one row takes the
    # same time both ways. With 2560 x 10240 in float32, 4 rows took 2.4 times as long as one, by
    # x W^T 3.3 times; 16 rows 3.0 and 4.0; 128 rows 11 and 13; 512 rows 39 and 40.
    out = (weight @ rows.T).T if 1 < len(rows) <= FEW else rows @ weight.T
    return out.reshape(*x.shape[:-1], len(weight))
