"""The derivative of the MLP."""

from neoxja_np.arrays import Array
from neoxja_np.gradients.activation import activate_backward
from neoxja_np.gradients.linear import linear_backward
from neoxja_np.layers.linear import Linear


def mlp_backward(dy: Array, x: Array, h: Array, act: Array, dense_h_to_4h: Linear,
                 dense_4h_to_h: Linear, *, hidden_act: str) -> tuple[Array, Array, Array]:
    """dy [..., D], x [..., D], h [..., F], act [..., F] -> dx [..., D], dweight [F, D], [D, F].

    h and act: before and after the activation. The chain rule, from the end to the beginning.
    """
    dact, d_4h_to_h = linear_backward(dy, act, **dense_4h_to_h)
    dh = activate_backward(dact, h, act, hidden_act=hidden_act)
    dx, d_h_to_4h = linear_backward(dh, x, **dense_h_to_4h)
    return dx, d_h_to_4h, d_4h_to_h
