"""From probabilities to a token."""

import numpy as np

from neoxja_np.arrays import Array, IntArray


def greedy(logits: Array) -> IntArray:
    """logits [..., V] -> [...]: the token with the largest logit, the first of equals."""
    return np.asarray(logits.argmax(axis=-1), np.int64)


def draw(probabilities: Array, u: Array) -> IntArray:
    """probabilities [..., V], u [...] -> [...]: the token in whose share of the line u falls.

    The line from 0 to 1 is shared out in the order of ids, and u, drawn evenly from [0, 1), is a
    place on it. So a token of probability 0 is never drawn, and the same u gives the same token
    in any language.
    """
    ends = np.cumsum(probabilities, axis=-1, dtype=np.float64)  # where each share ends
    total = ends[..., -1:]
    if not (np.isfinite(total) & (total > 0)).all():
        raise ValueError("probabilities must be finite, and not all of them 0")
    place = np.minimum(np.asarray(u)[..., None] * total, np.nextafter(total, 0.0))
    return np.asarray((ends <= place).sum(axis=-1), np.int64)
