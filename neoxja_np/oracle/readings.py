"""Readings: what of a run is looked at. All of it, a sketch, a summary, or its likeliest tokens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from neoxja_np.arrays import Array, IntArray
from neoxja_np.oracle.cases import Activations, Case, counted
from neoxja_np.oracle.fixture import GOLDEN_GAMMA, splitmix64

SUMMARY = ("sum", "mean", "std", "min", "max")  # what other tools print
NO_SUM = np.array([0.0, 1.0, 1.0, 1.0, 1.0])    # it is the mean, many times over
PROJECTIONS = 64
TOP, TOP_IDS = 10, "top_log_probabilities"


@dataclass(frozen=True)
class Reading:
    """What is kept of a run's activations, and which of its numbers count."""

    name: str
    read: Callable[[Case, Activations], Activations]
    counted: Callable[[Case, str], np.ndarray]
    weights: float | Array = 1.0    # what each number kept is multiplied with before it is compared


def everything(case: Case, name: str) -> np.ndarray:
    """All numbers count."""
    return np.ones((), bool)


def each(function: Callable[[Array, np.ndarray], Array]) -> Callable[[Case, Activations],
                                                                     Activations]:
    """A function of an activation and of which of its numbers count, of each activation."""
    return lambda case, seen: {name: function(value, np.broadcast_to(
        counted(case, name), value.shape)) for name, value in seen.items()}


def summary(value: Array, counts: np.ndarray) -> Array:
    """value [...] -> [5]: sum, mean, standard deviation, least and largest of what counts."""
    kept = value[counts]
    return np.array([kept.sum(), kept.mean(), kept.std(), kept.min(), kept.max()], np.float64)


def sketch(value: Array, counts: np.ndarray) -> Array:
    """value [...] -> [65]: 64 sums of the numbers that count, each number with a sign by chance.

    Then their length. Divided by the root of 64 the sums have, on average, that length too:
    Johnson and Lindenstrauss 1984. The signs of the k-th number, in row-major order from 0, are the
    bits of splitmix64((k + 1) * 0x9E3779B97F4A7C15), the lowest for the first sum; 1 is minus.
    """
    flat = np.where(counts, value, 0.0).reshape(-1)
    z = splitmix64(np.arange(1, flat.size + 1, dtype=np.uint64) * GOLDEN_GAMMA)
    sums = [flat @ (1.0 - 2.0 * (z >> np.uint64(bit) & np.uint64(1)).astype(np.float64))
            for bit in range(PROJECTIONS)]
    return np.array([*sums, np.linalg.norm(flat)])


def log_probabilities(logits: Array) -> Array:
    """logits [..., V] -> [..., V]: natural logarithms of the probabilities."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    rest: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return rest


def top(ids: IntArray) -> Reading:
    """Of the last token, the log-probabilities of these ids [B, 10]."""
    def read(case: Case, seen: Activations) -> Activations:
        last = log_probabilities(np.asarray(seen["logits"][:, -1], np.float64))
        return {TOP_IDS: np.take_along_axis(last, ids, axis=-1)}
    return Reading("top", read, everything)


def top_of(logits: Array) -> tuple[IntArray, Array]:
    """logits [B, L, V] -> ids and log-probabilities [B, 10] of the likeliest next tokens."""
    last = log_probabilities(np.asarray(logits[:, -1], np.float64))
    ids = np.argsort(-last, axis=-1, kind="stable")[:, :TOP]
    return ids, np.take_along_axis(last, ids, axis=-1)


FULL = Reading("full", lambda case, seen: seen, counted)
READINGS: Mapping[str, Reading] = {
    "full": FULL, "sketch": Reading("sketch", each(sketch), everything),
    "summary": Reading("summary", each(summary), everything, NO_SUM)}
