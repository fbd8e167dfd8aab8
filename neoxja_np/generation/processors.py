"""What is done to logits before a token is drawn: what is ruled out becomes minus infinity."""

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.layers.attention import softmax


def apply_temperature(logits: Array, *, temperature: float) -> Array:
    """logits [..., V] -> [..., V]: divided by the temperature; below 1 the likely gets likelier.

    TemperatureLogitsWarper.
    """
    return logits / temperature


def keep_top_k(logits: Array, *, top_k: int) -> Array:
    """logits [..., V] -> [..., V]: the k largest, and all that equal the smallest of them.

    TopKLogitsWarper.
    """
    k = min(top_k, logits.shape[-1])
    smallest = np.partition(logits, -k, axis=-1)[..., -k, None]
    return np.where(logits < smallest, -np.inf, logits)


def keep_top_p(logits: Array, *, top_p: float) -> Array:
    """logits [..., V] -> [..., V]: the fewest likeliest whose probabilities reach p, at least one.

    From the least likely up, tokens go while their sum stays within 1 - p. TopPLogitsWarper.
    Holtzman et al. 2020, https://arxiv.org/abs/1904.09751.
    """
    order = np.argsort(logits, axis=-1, kind="stable")                    # ascending
    cumulative = np.cumsum(softmax(np.take_along_axis(logits, order, axis=-1)), axis=-1)
    removed = cumulative <= 1.0 - top_p
    removed[..., -1] = False
    ranks = np.argsort(order, axis=-1)
    return np.where(np.take_along_axis(removed, ranks, axis=-1), -np.inf, logits)
