"""The loss: how surprised the model was by each next token."""

import numpy as np

from neoxja_np.arrays import Array, IntArray

IGNORE_INDEX = -100


def log_softmax(x: Array) -> Array:
    """x [..., V] -> [..., V]: the logarithm of softmax(x), without its underflow."""
    shifted: Array = x - x.max(axis=-1, keepdims=True)
    total: Array = np.exp(shifted).sum(axis=-1, keepdims=True)
    return shifted - np.log(total)


def cross_entropy(logits: Array, labels: IntArray) -> Array:
    """logits [..., V], labels [...] -> []: the mean of -log p(label), in nats.

    Over labels that are not -100; NaN where all are. torch.nn.functional.cross_entropy.
    """
    counted = labels != IGNORE_INDEX
    targets = np.where(counted, labels, 0)[..., None]
    picked = np.take_along_axis(log_softmax(logits), targets, axis=-1)[..., 0][counted]
    return np.asarray(-picked.mean() if counted.any() else np.nan, logits.dtype)


def causal_lm_loss(logits: Array, labels: IntArray) -> Array:
    """logits [..., L, V], labels [..., L] -> []: the logits at a token against the label after it.

    So labels are the input ids themselves, with -100 where a token is not to count.
    ForCausalLMLoss, which computes in float32 whatever the model's dtype (quirk 9).
    """
    return cross_entropy(logits[..., :-1, :], labels[..., 1:])
