"""The derivative of the loss: where all gradients begin."""

import numpy as np

from neoxja_np.arrays import Array, IntArray
from neoxja_np.layers.attention import softmax
from neoxja_np.layers.loss import IGNORE_INDEX, next_labels


def cross_entropy_backward(logits: Array, labels: IntArray) -> Array:
    """logits [..., V], labels [...] -> dlogits [..., V]: what was expected less what came.

    (softmax(logits) - 1 at the label) / the number of labels that count; 0 at those that do not.
    """
    counted = labels != IGNORE_INDEX
    dlogits = softmax(logits)
    targets = np.where(counted, labels, 0)[..., None]
    at_label = np.take_along_axis(dlogits, targets, axis=-1)
    np.put_along_axis(dlogits, targets, at_label - 1.0, axis=-1)
    share: Array = (counted / max(counted.sum(), 1)).astype(logits.dtype)
    dlogits *= share[..., None]
    return dlogits


def causal_lm_loss_backward(logits: Array, labels: IntArray) -> Array:
    """logits [..., L, V], labels [..., L] -> dlogits [..., L, V].

    The last token's logits are held to no label, so their derivative is 0.
    """
    return cross_entropy_backward(logits, next_labels(labels))
