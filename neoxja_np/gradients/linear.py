"""The derivative of a linear layer."""

from neoxja_np.arrays import Array


def rows(x: Array) -> Array:
    """x [..., I] -> [N, I]: every token's vector a row, whatever the batch."""
    return x.reshape(-1, x.shape[-1])


def linear_backward(dy: Array, x: Array, weight: Array) -> tuple[Array, Array]:
    """dy [..., O], x [..., I], weight [O, I] -> dx [..., I], dweight [O, I].

    y = x W^T, so dx = dy W; and dW = dy^T x, the sum of every token's share.
    """
    dweight: Array = rows(dy).T @ rows(x)
    return dy @ weight, dweight
