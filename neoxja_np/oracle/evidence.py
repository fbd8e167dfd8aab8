"""Evidence: a port's trace beside the model that it should have run, and the floors to judge by."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from neoxja_np.oracle.aliases import why_not
from neoxja_np.oracle.cases import ROTARY, Activations, counted, run
from neoxja_np.oracle.fixture import load_fixture
from neoxja_np.oracle.floors import (
    LEAST,
    PASS,
    Deviation,
    Floors,
    deviation,
    measure_floors,
    stored_floors,
)
from neoxja_np.oracle.mistakes import INJECTED, MISTAKES, RECORDED, planted
from neoxja_np.oracle.precision import as_dtype
from neoxja_np.oracle.replay import replay
from neoxja_np.oracle.roundings import ROUNDINGS
from neoxja_np.oracle.traces import Trace, fingerprint
from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM
from neoxja_np.tap import tap_names


@dataclass(frozen=True, eq=False)
class Evidence:
    """One trace, the exact model, and their floors."""

    trace: Trace
    model: GPTNeoXJapaneseForCausalLM   # in float64
    floors: Floors
    given: Activations                  # of the trace: known taps, in float64
    refused: dict[str, str]             # the others, and why

    @property
    def order(self) -> list[str]:
        """The names of what is given, in the order of execution."""
        names = dict.fromkeys((*tap_names(self.model.config.num_hidden_layers), *self.given))
        return [name for name in names if name in self.given]

    def allowing(self, mistakes: Iterable[str]) -> "Evidence":
        """The same, of a port that makes these on purpose."""
        deviations = (*self.trace.deviations, *mistakes)
        return replace(self, trace=replace(self.trace, deviations=deviations))

    @property
    def expected(self) -> list[str]:
        """The names of all activations."""
        return tap_names(self.model.config.num_hidden_layers)

    def written_in(self, dtype: str) -> bool:
        """Whether every number given is one of that half precision, and ours are not."""
        rounding = ROUNDINGS[dtype]
        if self.trace.size != "full" or self.trace.dtype in ROUNDINGS:
            return False
        ours = self.everything()
        return all(np.array_equal(value, rounding(value), equal_nan=True)
                   for value in self.given.values()) and any(
                       (ours[name] != rounding(ours[name])).any() for name in self.given)

    def judged_in(self, dtype: str) -> "Evidence":
        """The same, as of a port that computes in that dtype."""
        return gather(replace(self.trace, dtype=dtype), self.model)

    @property
    def fed(self) -> Activations:
        """What can stand in the place of our own activations."""
        return self.given if self.trace.size == "full" else {}

    def deviations(self, mistakes: Iterable[str] = ()) -> dict[str, Deviation]:
        """How far what is given lies from what the reference, with these mistakes, makes of it."""
        computed = self.trace.reading.read(self.trace.case, self.everything(mistakes))
        return {name: self.deviation_of(name, computed) for name in self.order}

    def everything(self, mistakes: Iterable[str] = ()) -> Activations:
        """Every activation that the reference makes of what is given, with these mistakes."""
        return replay(self.model, self.trace.case, self.fed, (*self.trace.deviations, *mistakes))

    def apart(self, name: str, one: Activations, other: Activations) -> float:
        """How far two runs of the reference lie apart in an activation, in floors of float32."""
        found = deviation(one[name], other[name], counted(self.trace.case, name))
        return found.l2 / LEAST["float32"]

    def deviation_of(self, name: str, computed: Activations) -> Deviation:
        """Of one activation."""
        reading = self.trace.reading
        return deviation(self.given[name] * reading.weights, computed[name] * reading.weights,
                         reading.counted(self.trace.case, name))

    def in_floors(self, found: dict[str, Deviation], mistakes: Iterable[str] = (),
                  floors: Floors | None = None) -> dict[str, float]:
        """Deviations in floors: of an operator where its inputs were fed, else of the whole run."""
        floors = floors or self.floors
        written = any(MISTAKES[name].where == RECORDED for name in mistakes)
        alone = bool(self.fed) and not written
        kept = floors.replay if alone else floors.run
        return {name: value.in_floors(kept[name]) for name, value in found.items()}

    def floors_with(self, mistakes: Iterable[str]) -> Floors:
        """The floors of a port that makes these mistakes: roundings in them can fall either way."""
        return measure_floors(self.model, [self.trace.case], self.trace.dtype,
                              mistakes=(*self.trace.deviations, *mistakes),
                              reading=self.trace.reading, fed=self.fed.keys())

    def reference(self) -> Activations:
        """A whole run of the reference, with the port's rotary tables where those are right.

        In float64 the tables alone, computed in float32 by Hugging Face, part at 1e-7.
        """
        found, names = self.deviations(), [name for name in ROTARY if name in self.fed]
        right = {name: self.fed[name] for name in names
                 if found[name].in_floors(self.floors.replay[name]) <= PASS}
        if self.trace.dtype != "float64" or len(right) < len(ROTARY):
            right = {}
        with planted(self.trace.deviations):
            return self.trace.reading.read(self.trace.case, replay(
                self.model, self.trace.case, right))


def gather(trace: Trace, model: GPTNeoXJapaneseForCausalLM | None = None) -> Evidence:
    """The evidence in a trace of a fixture, or of `model`.

    Raises ValueError where neither is known, or the trace is of other weights, and RuntimeError
    inside inject(), where the reference itself is wrong.
    """
    if INJECTED:
        raise RuntimeError(f"{', '.join(INJECTED)} is planted in the reference itself now: make "
                           "the trace inside the with block, and judge it behind")
    if model is None:
        if not trace.fixture:
            raise ValueError("which model was traced? name its fixture, or give the model")
        exact = exact_fixture(trace.fixture)
    else:
        exact = as_dtype(model, "float64")
    check_weights(trace, exact)
    given, refused = usable(trace, exact)
    whole = given.keys() >= set(tap_names(exact.config.num_hidden_layers))
    if model is None and whole:
        floors = stored_floors(load_fixture(trace.fixture), trace.dtype)
    else:
        floors = measure_floors(exact, [trace.case], trace.dtype, reading=trace.reading,
                                fed=given.keys())
    return Evidence(trace, exact, floors, given, refused)


@cache
def exact_fixture(name: str) -> GPTNeoXJapaneseForCausalLM:
    """A fixture's model in float64, made once."""
    return load_fixture(name).model("float64")


def check_weights(trace: Trace, exact: GPTNeoXJapaneseForCausalLM) -> None:
    """Raises ValueError where a trace says that it is of other weights."""
    if trace.weights_sha256:
        expected = fingerprint(exact)
        if trace.weights_sha256 != expected:
            raise ValueError(
                f"{trace.label} was made with other weights: its SHA-256 is "
                f"{trace.weights_sha256[:12]}…, that of the model {expected[:12]}…; name the model "
                "that was run, or make the trace anew")


def usable(trace: Trace, exact: GPTNeoXJapaneseForCausalLM) -> tuple[Activations, dict[str, str]]:
    """Of a trace, what can be compared, in float64, and why the rest cannot."""
    expected = trace.reading.read(trace.case, run(exact, trace.case))
    given: Activations = {}
    refused: dict[str, str] = {}
    for name, value in trace.activations.items():
        value = np.asarray(value)
        if name not in expected:
            refused[name] = why_not(name)
            continue
        if name in ROTARY and value.shape in once_for_all(expected[name].shape):
            value = np.broadcast_to(value, expected[name].shape)
        if value.dtype.kind not in "fiu":
            refused[name] = f"expected numbers, got {value.dtype}"
        elif value.shape != expected[name].shape:
            refused[name] = other_shape(value.shape, expected[name].shape)
        else:
            given[name] = value.astype(np.float64)
    return given, refused


def once_for_all(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Of [B, L, R]: the shapes of a table that is the same for each text."""
    return [shape[1:], (1, *shape[1:])]


def other_shape(got: tuple[int, ...], expected: tuple[int, ...]) -> str:
    """What is to be said of a shape that does not fit."""
    message = f"shape {list(got)}, expected {list(expected)}"
    if sorted(got) == sorted(expected):
        return f"{message}: the same axes in another order"
    return message
