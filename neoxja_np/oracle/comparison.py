"""A trace beside the reference, activation by activation, in the order of execution."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.oracle import codes
from neoxja_np.oracle.cases import ROTARY, chosen
from neoxja_np.oracle.evidence import Evidence
from neoxja_np.oracle.floors import FAIL, PASS, Deviation
from neoxja_np.tap import tap_names

GREEDY = "greedy token"


@dataclass(frozen=True)
class Row:
    """What is found at one tap."""

    tap: str
    state: str                          # pass, warn, fail, not given, refused
    floors: float = 0.0                 # the deviation in floors
    l2: float = 0.0                     # relative L2
    limit: float = 0.0                  # the relative L2 that would fail, in this unit
    index: tuple[int, ...] | None = None    # of the number that is farthest off
    got: float = 0.0                    # that number
    expected: float = 0.0
    reason: str = ""                    # why it is not given, or was refused


@dataclass(frozen=True)
class Comparison:
    """All that was found of a trace."""

    label: str
    rows: Sequence[Row]

    def __str__(self) -> str:
        return to_text(self)

    @property
    def first_bad(self) -> Row | None:
        """The first that fails, in the order of execution."""
        return next((row for row in self.rows if row.state == "fail"), None)

    @property
    def would_pass_at(self) -> float:
        """How many floors would have to be allowed."""
        return max((row.floors for row in self.rows), default=0.0)

    @property
    def coverage(self) -> dict[str, int]:
        """How many taps were compared, not given and refused."""
        states = [row.state for row in self.rows if row.tap != GREEDY]
        refused, absent = states.count("refused"), states.count("not given")
        return {"compared": len(states) - refused - absent, "not given": absent,
                "refused": refused}

    def code(self) -> int:
        """The exit code. A tap that is missing for a reason is not incomplete."""
        incomplete = not self.coverage["compared"] or any(
            row.state == "refused" or (row.state == "not given" and not row.reason)
            for row in self.rows)
        return codes.code(broken=False, stale=False, mismatch=self.first_bad is not None,
                          incomplete=incomplete)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: infinities are written as null."""
        rows = [{name: (None if isinstance(value, float) and not np.isfinite(value) else value)
                 for name, value in vars(row).items()} for row in self.rows]
        bad, most = self.first_bad, self.would_pass_at
        return {"trace": self.label, "first_bad": bad.tap if bad else None,
                "would_pass_at": most if np.isfinite(most) else None,
                "coverage": self.coverage, "code": self.code(), "rows": rows}


def compare(evidence: Evidence, *, only: Iterable[str] | None = None) -> Comparison:
    """Each tap of a whole run against the reference's.

    only: patterns, such as layers.0.*, of those that are expected. Raises ValueError for one that
    fits none.
    """
    computed, trace = evidence.reference(), evidence.trace
    names = expected_taps(evidence, computed)
    wanted = names if only is None else chosen(only, names)
    rows = []
    for name in names:
        if name in evidence.given:
            rows.append(compared(name, evidence, computed[name], floor_of(evidence, name)))
        elif name in evidence.refused:
            rows.append(Row(name, "refused", reason=evidence.refused[name]))
        elif name in wanted:
            rows.append(Row(name, "not given", reason=trace.missing.get(name, "")))
    rows += [Row(name, "refused", reason=reason) for name, reason in evidence.refused.items()
             if name not in computed]
    if trace.size == "full" and "logits" in evidence.given:
        rows.append(greedy(evidence, computed["logits"]))
    return Comparison(trace.label, rows)


def compare_operators(evidence: Evidence) -> Comparison:
    """Each operator alone, on what the port recorded before it; rows as of compare().

    Raises ValueError for a trace that has not all numbers.
    """
    if evidence.trace.size != "full":
        raise ValueError(f"{evidence.trace.label} is a trace of size {evidence.trace.size!r}: to "
                         "replay an operator takes all numbers; compare and diagnose do without")
    computed = evidence.everything()
    rows = [compared(name, evidence, computed[name], evidence.floors.replay[name])
            for name in evidence.order]
    rows += [Row(name, "refused", reason=reason) for name, reason in evidence.refused.items()]
    return Comparison(evidence.trace.label, rows)


def expected_taps(evidence: Evidence, computed: dict[str, Array]) -> list[str]:
    """In the order of execution."""
    names = tap_names(evidence.model.config.num_hidden_layers)
    return names if computed.keys() >= set(names) else list(computed)


def floor_of(evidence: Evidence, name: str) -> Deviation:
    """The floor of a whole run; in float64 with the port's tables, that of rounding alone."""
    tables = all(table in evidence.fed for table in ROTARY)
    alone = evidence.trace.dtype == "float64" and tables
    return (evidence.floors.replay if alone else evidence.floors.run)[name]


def compared(name: str, evidence: Evidence, expected: Array, floor: Deviation) -> Row:
    """The row of a tap that is given."""
    got = evidence.given[name]
    found = evidence.deviation_of(name, {name: expected})
    floors = found.in_floors(floor)
    counts = np.broadcast_to(evidence.trace.reading.counted(evidence.trace.case, name), got.shape)
    off = np.where(counts, np.abs(got - expected), 0.0)
    index = np.unravel_index(np.argmax(np.where(np.isfinite(off), off, np.inf)), off.shape)
    return Row(name, state_of(floors), floors, found.l2, FAIL * floor.l2,
               tuple(int(i) for i in index), float(got[index]), float(expected[index]))


def state_of(floors: float) -> str:
    """What a deviation means."""
    return "pass" if floors <= PASS else "warn" if floors <= FAIL else "fail"


def greedy(evidence: Evidence, expected: Array) -> Row:
    """Whether the likeliest tokens are the same, where the reference itself is sure.

    Its top two must be farther apart than a port's error may be.
    """
    got, floor = evidence.given["logits"], evidence.floors.run["logits"]
    real = evidence.trace.case.attention_mask != 0
    top = np.sort(expected, axis=-1)
    error = FAIL * floor.worst * float(np.sqrt((expected[real] ** 2).mean()))
    sure = real & (top[..., -1] - top[..., -2] > 2 * error)
    wrong = sure & (got.argmax(-1) != expected.argmax(-1))
    if not wrong.any():
        return Row(GREEDY, "pass")
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    return Row(GREEDY, "fail", 0.0, float(wrong.sum() / sure.sum()), 0.0, index,
               float(got[index].argmax()), float(expected[index].argmax()))


# ---- as text ----

MARKS = {"pass": "ok", "warn": "warn", "fail": "FAIL", "not given": "-", "refused": "REFUSED"}
COLOURS = {"pass": "32", "warn": "33", "fail": "31", "refused": "35"}


def to_text(comparison: Comparison, *, everything: bool = False, colour: bool = False) -> str:
    """A table: all that does not pass, or everything; then coverage and what would pass."""
    shown = [row for row in comparison.rows
             if everything or row.state in ("fail", "warn", "refused")]
    width = max((len(row.tap) for row in shown), default=0)
    lines = [f"{comparison.label}"]
    for row in shown:
        line = f"  {MARKS[row.state]:7} {row.tap:{width}}  {details(row)}".rstrip()
        code = COLOURS.get(row.state)
        lines.append(f"\033[{code}m{line}\033[0m" if colour and code else line)
    bad = comparison.first_bad
    lines.append(f"  {covered(comparison)}")
    if bad:
        lines.append(f"  first bad: {bad.tap}; all would pass at {in_words(comparison)}")
    elif comparison.coverage["compared"]:
        lines.append(f"  all within {in_words(comparison)}")
    return "\n".join(lines)


def covered(comparison: Comparison) -> str:
    """How many taps were compared, not given and refused."""
    return ", ".join(f"{number} {name}" for name, number in comparison.coverage.items())


def details(row: Row) -> str:
    """The figures of a row."""
    if row.state in ("not given", "refused"):
        return row.reason
    if row.tap == GREEDY:
        return "" if row.state == "pass" else (
            f"{row.l2:.0%} differ, first at {list(row.index or ())}: got {row.got:.0f}, expected "
            f"{row.expected:.0f}")
    text = f"{row.floors:10.3g} floors  L2 {row.l2:8.2e}"
    if row.state in ("fail", "warn"):
        text += f"  at {list(row.index or ())}: got {row.got:.7g}, expected {row.expected:.7g}"
    return text


def in_words(comparison: Comparison) -> str:
    """A number of floors, and the largest relative L2."""
    l2 = max((row.l2 for row in comparison.rows if row.tap != GREEDY), default=0.0)
    return f"{comparison.would_pass_at:.3g} floors (relative L2 {l2:.2e})"
