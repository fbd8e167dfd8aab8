"""The loss: how surprised the model was by each next token."""

import numpy as np

from neoxja_np.arrays import Array, IntArray

IGNORE_INDEX = -100


def log_sum_exp(x: Array) -> Array:
    """x [..., V] -> [...]: the logarithm of the sum of exp(x), without overflow.

    What softmax divides by: log softmax(x) = x - log_sum_exp(x).
    """
    highest: Array = x.max(axis=-1, keepdims=True)
    shifted: Array = x - highest
    total: Array = np.exp(shifted, out=shifted).sum(axis=-1)
    return highest[..., 0] + np.log(total)


def cross_entropy(logits: Array, labels: IntArray) -> Array:
    """logits [..., V], labels [...] -> []: the mean of -log p(label), in nats.

    Over labels that are not -100; NaN where all are. torch.nn.functional.cross_entropy.
    """
    counted = labels != IGNORE_INDEX
    targets = np.where(counted, labels, 0)[..., None]
    at_label: Array = np.take_along_axis(logits, targets, axis=-1)[..., 0]
    surprise = (log_sum_exp(logits) - at_label)[counted]
    return np.asarray(surprise.mean() if counted.any() else np.nan, logits.dtype)


def next_labels(labels: IntArray) -> IntArray:
    """labels [..., L] -> [..., L]: at each token that of the token after it; at the last none."""
    return np.concatenate([labels[..., 1:], np.full_like(labels[..., :1], IGNORE_INDEX)], axis=-1)


def causal_lm_loss(logits: Array, labels: IntArray) -> Array:
    """logits [..., L, V], labels [..., L] -> []: the logits at a token against the label after it.

    So labels are the input ids themselves, with -100 where a token is not to count.
    ForCausalLMLoss, which computes in float32 whatever the model's dtype (quirk 9).
    """
    return cross_entropy(logits, next_labels(labels))
