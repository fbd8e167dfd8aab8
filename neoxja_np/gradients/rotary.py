"""The derivative of rotary: what was turned forward is turned back."""

from neoxja_np.arrays import Array
from neoxja_np.layers.rotary import apply_rotary


def apply_rotary_backward(dy: Array, cos: Array, sin: Array) -> Array:
    """dy [..., L, K], cos [..., L, R], sin [..., L, R] -> dx [..., L, K].

    A turn is its own inverse transposed, so this is the turn by the opposite angle.
    """
    return apply_rotary(dy, cos, -sin)
