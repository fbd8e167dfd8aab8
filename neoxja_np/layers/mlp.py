"""The MLP: each token by itself, out to F dimensions, bent by gelu, and back."""

from neoxja_np.arrays import Array
from neoxja_np.layers.activation import activate
from neoxja_np.layers.linear import Linear, linear
from neoxja_np.tap import Tap, silent


def mlp(x: Array, dense_h_to_4h: Linear, dense_4h_to_h: Linear, *, hidden_act: str,
        tap: Tap = silent) -> Array:
    """x [..., D] -> [..., D]: two linear layers, an activation between. GPTNeoXJapaneseMLP."""
    h = tap("dense_h_to_4h", linear(x, **dense_h_to_4h))
    h = tap("act", activate(h, hidden_act=hidden_act))
    return tap("dense_4h_to_h", linear(h, **dense_4h_to_h))
