"""What is run, and every activation of that run: whole, or in calls one behind another."""

import fnmatch
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from neoxja_np.arrays import Array, IntArray
from neoxja_np.generation import search
from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM
from neoxja_np.tap import Tap

Activations = dict[str, Array]
Feed = Callable[[str, Array, slice], Array]  # name, what was computed, its tokens -> what goes on
ROTARY = ("rotary.cos", "rotary.sin")
IN_HEADS = ("query", "key", "value", "query_rotary", "key_rotary", "scores", "weights", "context")


@dataclass(frozen=True, eq=False)
class Case:
    """Tokens, which of them are padding, where they stand, and where a new call begins."""

    input_ids: IntArray                     # [B, L]
    attention_mask: IntArray                # [B, L], 0 at padding
    position_ids: IntArray | None = None    # [B, L]; None: as generate() finds them in the mask
    cuts: tuple[int, ...] = ()              # (3, 5): tokens 0 to 2, 3 to 4 and the rest, by a cache

    @property
    def positions(self) -> IntArray:
        """[B, L]: the positions that are run."""
        if self.position_ids is not None:
            return self.position_ids
        return search.positions_of(self.attention_mask)  # where a mistake can be planted


def make_case(input_ids: ArrayLike, attention_mask: ArrayLike | None = None,
              position_ids: ArrayLike | None = None, cuts: Sequence[int] = ()) -> Case:
    """input_ids [B, L] or [L] -> a case. Raises ValueError for shapes or cuts that do not fit."""
    ids = np.atleast_2d(np.asarray(input_ids, np.int64))
    mask = np.ones_like(ids) if attention_mask is None else np.atleast_2d(
        np.asarray(attention_mask, np.int64))
    positions = None if position_ids is None else np.atleast_2d(np.asarray(position_ids, np.int64))
    for name, array in (("attention_mask", mask), ("position_ids", positions)):
        if array is not None and array.shape != ids.shape:
            raise ValueError(f"{name} has shape {array.shape}, input_ids {ids.shape}: expected the "
                             "same")
    inner = tuple(int(cut) for cut in cuts)
    bounds = (0, *inner, ids.shape[1])
    if any(start >= end for start, end in pairwise(bounds)):
        raise ValueError(f"cuts {list(inner)} must rise, and lie between 0 and the {ids.shape[1]} "
                         "tokens")
    return Case(ids, mask, positions, inner)


def untouched(name: str, value: Array, tokens: slice) -> Array:
    """What was computed goes on."""
    return value


def run(model: GPTNeoXJapaneseForCausalLM, case: Case, feed: Feed = untouched) -> Activations:
    """Every activation as it is computed, whatever `feed` lets go on in its place.

    Each has the token axis of the whole case, whether or not it was cut: [..., L, n], and in
    attention.scores and attention.weights, [B, H, L, L], 0 at tokens that came after the call.
    """
    length, positions = case.input_ids.shape[1], case.positions
    cache, parts = None, []
    for start, end in pairwise((0, *case.cuts, length)):
        computed: Activations = {}
        output = model(case.input_ids[:, start:end], case.attention_mask[:, :end],
                       positions[:, start:end], past_key_values=cache, use_cache=bool(case.cuts),
                       tap=feeding(computed, feed, slice(start, end)))
        cache = output.past_key_values
        parts.append(computed)
    return as_recorded({name: joined([part[name] for part in parts], name, length)
                        for name in parts[0]})


def feeding(computed: Activations, feed: Feed, tokens: slice) -> Tap:
    """A tap that keeps what was computed and lets `feed` say what goes on."""
    def tap(name: str, value: Array) -> Array:
        computed[name] = value
        return feed(name, value, tokens)
    return tap


def joined(parts: Sequence[Array], name: str, length: int) -> Array:
    """The activation of each call -> that of the whole case."""
    if name.endswith((".scores", ".weights")):
        parts = [np.pad(part, [(0, 0)] * (part.ndim - 1) + [(0, length - part.shape[-1])])
                 for part in parts]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-2)


def as_recorded(activations: Activations) -> Activations:
    """Activations as they are written down: as they are, where no mistake is planted here."""
    return activations


def chosen(patterns: Iterable[str], names: Sequence[str]) -> set[str]:
    """The names that fit a pattern. Raises ValueError for one that fits none."""
    found: set[str] = set()
    for pattern in patterns:
        fitting = fnmatch.filter(names, pattern)
        if not fitting:
            raise ValueError(f"no tap is called {pattern!r}; there are {', '.join(names)}")
        found.update(fitting)
    return found


def counted(case: Case, name: str) -> np.ndarray:
    """Which numbers of an activation count, as a bool array that fits its shape.

    Not those of padding: a port may have anything there. Of attention.scores, only those of tokens
    that may be seen: not every port computes the others.
    """
    real: np.ndarray = case.attention_mask != 0                             # [B, L]
    counts = real[..., None]                                                # [B, L, 1]
    if name.endswith(".scores"):
        counts = np.tri(real.shape[1], dtype=bool) & real[:, None, :] & real[..., None]
    elif name.endswith(".weights"):
        counts = real[..., None] & np.ones(real.shape[1], bool)
    in_heads = name.split(".")[-1] in IN_HEADS
    return counts[:, None] if in_heads else counts                          # [B, 1, L, 1 or L]
