"""Windows of a long row of ids, such as numpy.load("ids.npy", mmap_mode="r")."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neoxja_np.arrays import IntArray

Ids = NDArray[np.unsignedinteger[Any]]  # a memory map of a whole corpus


def check_corpus(ids: Ids, *, name: str, length: int, vocab_size: int) -> None:
    """Raises ValueError, which calls them by that name, where ids make no batch."""
    if ids.ndim != 1 or ids.dtype.kind not in "iu":
        raise ValueError(f"the {name} must be one row of whole numbers, as `neoxja encode` writes "
                         f"them; got {ids.dtype} of shape {ids.shape}")
    if len(ids) < length:
        raise ValueError(f"the {name} has {len(ids)} tokens, fewer than one window of {length}: "
                         "give more text or a smaller length")
    lowest, highest = int(ids.min()), int(ids.max())
    if lowest < 0 or highest >= vocab_size:
        raise ValueError(f"the {name} has id {highest if highest >= vocab_size else lowest}, the "
                         f"model ids from 0 to {vocab_size - 1}: is it of another vocabulary?")


def text_starts(ids: Ids, *, end: int | list[int], length: int) -> IntArray:
    """[N]: where a window can begin with a text: at 0, and behind each id that is `end`."""
    behind = np.flatnonzero(np.isin(ids[:len(ids) - length], end)) + 1
    return np.concatenate([np.zeros(1, behind.dtype), behind])


def random_batch(ids: Ids, *, step: int, batch_size: int, length: int, seed: int,
                 starts: IntArray | None = None) -> IntArray:
    """[batch_size, length]: windows that begin at random places, or at random ones of `starts` [N].

    A step's windows follow from the seed and the step alone, so a run that is resumed sees those
    that it would have seen.
    """
    rng = np.random.default_rng([seed, step])
    if starts is None:
        chosen = rng.integers(0, len(ids) - length + 1, batch_size)
    else:
        chosen = rng.choice(starts, batch_size)
    return np.stack([ids[start:start + length] for start in chosen]).astype(np.int64)


def successive_batches(ids: Ids, *, batch_size: int, length: int) -> Iterator[Ids]:
    """[up to batch_size, length]: one window after the other, without what is left at the end."""
    whole = ids[:len(ids) // length * length].reshape(-1, length)
    for start in range(0, len(whole), batch_size):
        yield whole[start:start + batch_size]
