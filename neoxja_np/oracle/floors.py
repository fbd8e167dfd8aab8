"""Floors: how far right computations of the same are from each other. The unit of every tolerance.

The floor of an activation is the largest deviation among right ways to compute it in a dtype
(variants.py) from the reference in float64: over a whole run, where errors add up, and of its last
operator alone, replayed on its own inputs.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.files import read_json
from neoxja_np.oracle.cases import Case, run
from neoxja_np.oracle.fixture import FOLDER, Fixture
from neoxja_np.oracle.mistakes import planted
from neoxja_np.oracle.precision import as_dtype, run_in
from neoxja_np.oracle.readings import FULL, Reading
from neoxja_np.oracle.replay import replay
from neoxja_np.oracle.roundings import ROUNDINGS
from neoxja_np.oracle.variants import VARIANTS, Variant, computed_as, half_variants
from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM

PASS, FAIL = 4.0, 16.0  # floors: right up to PASS, wrong above FAIL, a warning between
# Half the unit of rounding, below which no activation is held; in float64 PASS times this is 1e-12.
LEAST = {"float64": 2.5e-13, "float32": 2.0**-25, "bfloat16": 2.0**-10, "float16": 2.0**-12}
OUTLIER = 4.0  # one number may be so many times farther off than all of them are on average


class Deviation(NamedTuple):
    """How far an activation is from another."""

    l2: float       # relative L2: of all that counts
    worst: float    # the largest difference of a number, over the root mean square of the expected

    def in_floors(self, floor: "Deviation") -> float:
        """The larger of the two, each in its own floor."""
        return max(self.l2 / floor.l2, self.worst / floor.worst)


def deviation(got: Array, expected: Array, counts: np.ndarray) -> Deviation:
    """Of what counts; infinite where shapes differ or a number is none.

    counts: a bool array that can be broadcast to the shape of both.
    """
    if got.shape != expected.shape:
        return Deviation(np.inf, np.inf)
    with np.errstate(all="ignore"):  # a port may give any number
        off = np.where(counts, got - expected, 0.0)
        base = np.where(counts, expected, 0.0)
        number = np.broadcast_to(counts, expected.shape).sum()
        length, scale = np.linalg.norm(off), np.linalg.norm(base)
    if not np.isfinite(length):
        return Deviation(np.inf, np.inf)
    if scale == 0 or length == 0:
        return Deviation(*(2 * [0.0 if length == 0 else np.inf]))
    return Deviation(float(length / scale), float(np.abs(off).max() / scale * number**0.5))


@dataclass(frozen=True)
class Floors:
    """The floors of one model's activations in one dtype."""

    run: Mapping[str, Deviation]
    replay: Mapping[str, Deviation]


def variants_of(dtype: str) -> dict[str, Variant]:
    """The right ways to compute in a dtype."""
    return half_variants(ROUNDINGS[dtype]) if dtype in ROUNDINGS else VARIANTS


def measure_floors(model: GPTNeoXJapaneseForCausalLM, cases: Iterable[Case], dtype: str, *,
                   mistakes: Iterable[str] = (), reading: Reading = FULL,
                   fed: Container[str] | None = None) -> Floors:
    """The floors of a model on some cases: the largest over all variants.

    mistakes: are made all along, so that these are the floors of a port that makes them.
    reading: what is kept of a run's activations. fed: those that are fed in a replay, all if None.
    """
    exact, names = as_dtype(model, "float64"), tuple(mistakes)
    whole: dict[str, list[Deviation]] = {}
    alone: dict[str, list[Deviation]] = {}
    for case in cases:
        with planted(names):
            reference = reading.read(case, run(exact, case))
        for variant in variants_of(dtype).values():
            with computed_as(variant), planted(names):
                seen = run_in(model, case, dtype)
            given = {name: value for name, value in seen.items() if fed is None or name in fed}
            again = replay(exact, case, given, names)
            got = reading.read(case, seen)
            for kept, expected in ((whole, reference), (alone, reading.read(case, again))):
                for name, value in expected.items():
                    kept.setdefault(name, []).append(deviation(
                        got[name] * reading.weights, value * reading.weights,
                        reading.counted(case, name)))
    return Floors(*({name: highest(found, dtype) for name, found in kept.items()}
                    for kept in (whole, alone)))


def highest(found: Iterable[Deviation], dtype: str) -> Deviation:
    """The floor that some deviations make: the largest of each kind, but no less than LEAST."""
    least = LEAST[dtype]
    l2s, worsts = zip(*found, strict=True)
    return Deviation(max(least, *l2s), max(OUTLIER * least, *worsts))


def stored_floors(fixture: Fixture, dtype: str) -> Floors:
    """Those of a fixture, as they were measured when it was made."""
    stored = read_json(FOLDER / f"{fixture.name}.floors.json")["floors"][dtype]
    return Floors(*({name: Deviation(*pair) for name, pair in stored[kind].items()}
                    for kind in ("run", "replay")))
