"""How other implementations are checked against this one: trace, compare, replay, diagnose.

To read: cases (what is run), patch and mistakes (what can be wrong), variants and floors (what is
right but for rounding), replay, evidence (a trace beside its model), comparison, diagnosis. Around
them: fixture (models by formula), traces and trace_files, conformance (other programs), selftest.
"""

from collections.abc import Iterable, Sequence

from neoxja_np.oracle.comparison import Comparison, compare_operators
from neoxja_np.oracle.comparison import compare as compare_evidence
from neoxja_np.oracle.diagnosis import Verdict
from neoxja_np.oracle.diagnosis import diagnose as diagnose_evidence
from neoxja_np.oracle.evidence import gather
from neoxja_np.oracle.mistakes import MISTAKES, inject
from neoxja_np.oracle.trace_files import TraceError, load_traces, save_trace
from neoxja_np.oracle.traces import Trace, reduced, trace, trace_fixture
from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM

__all__ = [
    "MISTAKES", "Comparison", "Trace", "TraceError", "Verdict", "compare", "diagnose", "inject",
    "load_traces", "reduced", "replay", "save_trace", "trace", "trace_fixture",
]


def compare(got: Trace, model: GPTNeoXJapaneseForCausalLM | None = None) -> Comparison:
    """Every activation of a trace beside what the reference computes, in order of execution.

    model: what was traced, where it is not a fixture. Raises ValueError where neither is known.

    >>> from neoxja_np import oracle
    >>> with oracle.inject("scale_missing"):
    ...     mine = oracle.trace_fixture("sensitised")[0]
    >>> oracle.compare(mine).first_bad.tap
    'layers.0.attention.scores'
    """
    return compare_evidence(gather(got, model))


def replay(got: Trace, model: GPTNeoXJapaneseForCausalLM | None = None) -> Comparison:
    """Each operator alone, computed from what the trace itself has before it.

    A wrong one is wrong alone: what follows it is not. Raises ValueError as compare() does.
    """
    return compare_operators(gather(got, model))


def diagnose(got: Trace | Sequence[Trace], model: GPTNeoXJapaneseForCausalLM | None = None, *,
             among: Iterable[str] | None = None) -> Verdict:
    """The known mistake, or the two, that explain how one port's traces differ from the reference.

    The more cases and fixtures, the surer. among: names of MISTAKES, all if None. Raises ValueError
    where nothing can be compared.

    >>> from neoxja_np import oracle
    >>> with oracle.inject("scale_missing"):
    ...     mine = oracle.trace_fixture("sensitised")
    >>> print(oracle.diagnose(mine))
    NAMED scale_missing: 100.0% of the deviation explained
      scale_missing: scores not divided by the root of the head size
      first at sensitised/plain layers.0.attention.scores
    """
    traces = [got] if isinstance(got, Trace) else list(got)
    return diagnose_evidence([gather(each, model) for each in traces], among)
