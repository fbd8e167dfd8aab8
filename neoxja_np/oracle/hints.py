"""What can be said of a wrong activation for which no known mistake has a name."""

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.oracle.cases import Activations
from neoxja_np.oracle.evidence import Evidence

CLOSE = 1e-3  # relative: an invariant holds, a relation is seen


def hints(evidence: Evidence, tap: str) -> list[str]:
    """Of an activation: how it relates to ours, and which invariants are broken in the trace."""
    if not evidence.fed or tap not in evidence.given:
        return []
    ours, counts = evidence.everything()[tap], counts_of(evidence)
    with np.errstate(all="ignore"):  # a port may give any number
        return [f"{tap} is {what}" for what in relations(evidence.given[tap], ours, counts[tap])
                ] + [f"broken: {what}" for what in broken(evidence.given, counts)]


def counts_of(evidence: Evidence) -> Activations:
    """Which numbers of each given activation count."""
    return {name: np.broadcast_to(evidence.trace.reading.counted(evidence.trace.case, name),
                                  value.shape) for name, value in evidence.given.items()}


def near(got: Array, expected: Array) -> bool:
    """Whether two arrays are the same but for CLOSE."""
    return bool(np.linalg.norm(got - expected) <= CLOSE * np.linalg.norm(expected))


def relations(got: Array, ours: Array, counts: np.ndarray) -> Iterator[str]:
    """A sign, a scale, an offset, a shift, a transposition or a permutation of ours."""
    a, b = got[counts], ours[counts]
    if not np.isfinite(a).all():
        yield "not finite everywhere"
        return
    scale = float(a @ b / (b @ b)) if b.any() else 0.0
    if near(a, -b):
        yield "ours with the other sign"
    elif scale and near(a, scale * b) and 10 * np.linalg.norm(a - scale * b) < (
            np.linalg.norm(a - b)):
        yield f"ours times {scale:.6g}"
    if near(a - a.mean(), b - b.mean()) and abs(a.mean() - b.mean()) > CLOSE * abs(b).mean():
        yield f"ours plus {a.mean() - b.mean():.6g}"
    for axis in range(1, ours.ndim):
        for step in (-1, 1):
            if counts.all() and ours.shape[axis] > 2 and near(got, np.roll(ours, step, axis)):
                yield f"ours moved by {step} along axis {axis}"
    axes = range(ours.ndim)
    for order in permutations(axes):
        if order != tuple(axes) and counts.all() and near(
                got, ours.transpose(order).reshape(ours.shape)):
            yield f"ours with its axes in the order {list(order)}"
            return
    if near(np.sort(a), np.sort(b)) and not near(a, b):
        yield "a permutation of our numbers"


def broken(given: Activations, counts: Activations) -> Iterator[str]:
    """What must hold in every trace of this model, and does not."""
    def holds(name: str, values: Array, expected: Array) -> bool:
        rows = counts[name].any(axis=-1)
        return bool(np.allclose(values[rows], np.broadcast_to(expected, values.shape)[rows],
                                rtol=10 * CLOSE, atol=10 * CLOSE))

    for name, value in given.items():
        parent, _, last = name.rpartition(".")
        if last == "weights" and not holds(name, value.sum(-1), np.ones(())):
            yield f"{name}: the weights of a token sum to 1"
        later = np.abs(np.triu(value, 1)) if last == "weights" else value
        if last == "weights" and later[counts[name]].max() > CLOSE:
            yield f"{name}: no token has weight for a later one"
        if last in ("query_rotary", "key_rotary") and (before := name.removesuffix("_rotary")) in (
                given) and not holds(name, np.linalg.norm(value, axis=-1),
                                     np.linalg.norm(given[before], axis=-1)):
            yield f"{name}: turning changes no length"
        if name == "rotary.cos" and "rotary.sin" in given and not holds(
                name, (value**2 + given["rotary.sin"] ** 2).mean(-1), np.ones(())):
            yield "rotary.cos, rotary.sin: the squares of cos and sin sum to 1"
        if last == "attention_residual" and f"{parent}.attention.dense" in given:
            stream = "embed_in" if parent == "layers.0" else (
                f"layers.{int(parent.split('.')[1]) - 1}.output")
            if stream in given:
                added = given[stream] + given[f"{parent}.attention.dense"]
                if not holds(name, value.sum(-1), added.sum(-1)):
                    yield f"{name}: the stream plus attention.dense"
