"""Ports for the tests: this package computing in another way, in any precision, with mistakes planted."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from neoxja_np.oracle.diagnosis import Verdict, diagnose
from neoxja_np.oracle.evidence import gather
from neoxja_np.oracle.fixture import fixture_names, load_fixture
from neoxja_np.oracle.floors import variants_of
from neoxja_np.oracle.mistakes import planted
from neoxja_np.oracle.precision import run_in
from neoxja_np.oracle.traces import Trace, reduced
from neoxja_np.oracle.variants import computed_as

OTHER_WAY = {"float64": "all at once", "float32": "all at once", "bfloat16": "softmax within",
             "float16": "the norm within"}


def port(fixture: str, dtype: str = "float32", mistakes: Iterable[str] = (), *, size: str = "full",
         variant: str = "") -> list[Trace]:
    """The traces of a port that computes in a legitimate other way, and makes some mistakes."""
    model, traces = load_fixture(fixture).model(), []
    for label, case in load_fixture(fixture).cases.items():
        with computed_as(variants_of(dtype)[variant or OTHER_WAY[dtype]]), planted(mistakes):
            trace = Trace(case, run_in(model, case, dtype), dtype=dtype, fixture=fixture, case_name=label)
        traces.append(trace if size == "full" else reduced(trace, size))
    return traces


def verdict_on(dtype: str, mistakes: Iterable[str] = (), *, size: str = "full", fixtures: Sequence[str] = (),
               among: Iterable[str] | None = None, taps: Iterable[str] | None = None) -> Verdict:
    """What is said of such a port, from some fixtures, all if none is named."""
    traces = [trace for name in fixtures or fixture_names() for trace in port(name, dtype, mistakes, size=size)]
    if taps is not None:
        kept = set(taps)
        traces = [replace(trace, activations={name: value for name, value in trace.activations.items()
                                              if name in kept}) for trace in traces]
    return diagnose([gather(trace) for trace in traces], among)

