"""The embedding: a table with a row for each token."""

from neoxja_np.arrays import Array, IntArray


def embedding(input_ids: IntArray, weight: Array) -> Array:
    """input_ids [..., L], weight [V, D] -> [..., L, D]: the row of each token.

    No position is added: this model knows positions through rotary alone. torch.nn.Embedding.
    """
    return weight[input_ids]
