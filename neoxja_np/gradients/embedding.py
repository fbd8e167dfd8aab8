"""The derivative of the embedding."""

import numpy as np

from neoxja_np.arrays import Array, IntArray
from neoxja_np.gradients.linear import rows


def embedding_backward(dy: Array, input_ids: IntArray, weight: Array) -> Array:
    """dy [..., L, D], input_ids [..., L], weight [V, D] -> dweight [V, D].

    A row of the table is the sum over the places where its token stands: sorted by token, these
    are neighbours.
    """
    dweight: Array = np.zeros_like(weight)
    order = np.argsort(input_ids, axis=None, kind="stable")
    tokens, starts = np.unique(input_ids.reshape(-1)[order], return_index=True)
    dweight[tokens] = np.add.reduceat(rows(dy)[order], starts, axis=0)
    return dweight
