"""Why a port differs: the reference is run with each known mistake, and the nearest run says it.

Where the port has recorded activations, each operator is replayed on the port's own inputs, so that
a mistake shows at its operator alone, whatever it does further on, and two do not hide each other.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from neoxja_np.oracle.evidence import Evidence
from neoxja_np.oracle.floors import FAIL, PASS, Deviation
from neoxja_np.oracle.hints import hints
from neoxja_np.oracle.mistakes import MISTAKES, TAPS_BEHIND
from neoxja_np.oracle.roundings import ROUNDINGS

WHOLE = 0.99    # of it, that two must explain where no operator can be replayed: a wide net
NEAR = 0.9      # of the deviation, that a near twin must explain
WORTH = 0.2     # of it, that a mistake must explain for its own floors to be measured
WRITTEN_IN = {"dump_fp16": "float16", "dump_bf16": "bfloat16"}
ROUGH = 0.8     # of it: less is left to a mistake that is itself a rounding
SHOWN = 5       # activations that were refused
MOST = 1.0      # relative L2 at which an activation is simply wrong


@dataclass(frozen=True)
class Tried:
    """What is left of the deviations when the reference makes some mistakes itself."""

    names: tuple[str, ...]
    found: Sequence[Mapping[str, Deviation]]    # of each piece of evidence, by tap
    floors: Sequence[Mapping[str, float]]       # the same in floors
    limit: float = FAIL                         # in floors, up to which it explains all

    @property
    def passes(self) -> bool:
        """Whether nothing else is wrong."""
        return self.worst <= self.limit

    @property
    def worst(self) -> float:
        """The largest, in floors."""
        return max(max(of.values()) for of in self.floors)

    @property
    def length(self) -> float:
        """All of it, as one length of relative L2."""
        squares = [min(each.l2, MOST) ** 2 for of in self.found for each in of.values()]
        return float(sum(squares) ** 0.5)

    def first_bad(self) -> tuple[int, str] | None:
        """The evidence and the tap where it first shows."""
        places = [(list(of).index(tap), i, tap) for i, of in enumerate(self.floors)
                  for tap, floors in of.items() if floors > FAIL]
        return min(places)[1:] if places else None


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a port."""

    kind: str                   # CLEAN, NAMED, NAMED CLASS, STACKED, FAMILY, UNKNOWN or REFUSED
    names: list[str]            # of the mistakes; in FAMILY the nearest
    explained: float            # the share of the deviation that they explain
    worst: float                # the largest deviation without them, in floors
    first_bad: str = ""         # fixture/case tap
    separating: str = ""        # in a class: what would tell them apart
    untold: list[str] = field(default_factory=list)  # what the evidence cannot tell from CLEAN
    hints: list[str] = field(default_factory=list)
    dtype: str = "float32"

    @property
    def accuses(self) -> bool:
        """Whether something is wrong; where activations were refused nobody knows."""
        return self.kind not in ("CLEAN", "REFUSED")

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong that an output can show."""
        return self.kind == "CLEAN"

    def __str__(self) -> str:
        return "\n".join([self.headline(), *(
            f"  {name}: {MISTAKES[name].summary}" for name in self.names), *self.notes()])

    def headline(self) -> str:
        """The verdict in a line."""
        named, share = ", ".join(self.names), f"{self.explained:.1%} of the deviation explained"
        if self.kind == "CLEAN":
            more = f", but for {named}, which no output can show" if self.names else ""
            return f"CLEAN: at most {self.worst:.1f} floors{more}"
        if self.explained < ROUGH:
            share += ", the rest is rounding"
        if self.kind == "REFUSED":
            return ("REFUSED: some activations could not be compared; of the others none is off "
                    f"by more than {self.worst:.1f} floors")
        if self.kind == "UNKNOWN":
            return f"UNKNOWN: no known mistake explains more than {self.explained:.0%} of it"
        if self.kind == "FAMILY":
            return (f"FAMILY {MISTAKES[self.names[0]].family}: {named} is near, {share}, and not "
                    "it, or not it alone")
        brackets = {"NAMED CLASS": "{%s}", "STACKED": "[%s]"}.get(self.kind, "%s")
        return f"{self.kind} {brackets % named}: {share}"

    def notes(self) -> list[str]:
        """What else is to be said."""
        lines = [f"  first at {self.first_bad}"] if self.first_bad and not self.clean else []
        lines += [f"  {hint}" for hint in self.hints]
        if self.separating:
            lines.append(f"  {self.separating} would tell them apart")
        if self.untold and self.clean:
            told = f"at {self.dtype}" if self.dtype in ROUNDINGS else "by this evidence"
            lines.append(f"  cannot be resolved {told}: {in_short(self.untold)}")
        return lines


def in_short(names: Sequence[str]) -> str:
    """Names of mistakes, or where they are most, those that are not among them."""
    others = [name for name in model_mistakes() if name not in names]
    if len(names) <= max(12, len(others)):
        return ", ".join(names)
    return f"{len(names)} of {len(names) + len(others)} known mistakes, all but {', '.join(others)}"


def model_mistakes() -> list[str]:
    """The mistakes that a trace of the model can show."""
    return [name for name, mistake in MISTAKES.items()
            if not mistake.family.startswith("tokenizer") and mistake.where != TAPS_BEHIND]


def tried(evidence: Sequence[Evidence], names: tuple[str, ...], *, own_floors: bool = False,
          ) -> Tried:
    """The deviations that are left. own_floors: judged by the floors of a port with them."""
    found = [each.deviations(names) for each in evidence]
    floors = [each.in_floors(of, names, each.floors_with(names) if own_floors else None)
              for each, of in zip(evidence, found, strict=True)]
    return Tried(names, found, floors, PASS if own_floors else FAIL)


def diagnose(evidence: Sequence[Evidence], among: Iterable[str] | None = None) -> Verdict:
    """The verdict on one port, from all that it has given. `among`: the mistakes that are known.

    Raises ValueError where nothing can be compared.
    """
    evidence = [each for each in evidence if each.given]
    if not evidence:
        raise ValueError("nothing in these traces can be compared: no tap has the name and the "
                         "shape of one of ours")
    known = model_mistakes() if among is None else list(among)
    for dump, dtype in WRITTEN_IN.items():
        if dump in known and all(each.written_in(dtype) for each in evidence):
            others = [name for name in known if name not in WRITTEN_IN]
            rest = diagnose([each.judged_in(dtype) for each in evidence], others)
            return dumped(dump, rest, f"{evidence[0].trace.label} {evidence[0].order[0]}")
    clean = tried(evidence, ())
    single = {name: tried(evidence, (name,)) for name in known}
    if clean.worst <= PASS:
        return acquit(clean, accepted(single.values()), evidence)
    found = accepted(each for each in single.values() if share(each, clean) > WORTH)
    if not found:
        found = accepted(best_of(evidence, each.names, clean) for each in single.values()
                         if share(each, clean) > WORTH)
    if found:
        return name_them(found, clean, evidence)
    if clean.worst <= FAIL:
        no_worse = [each for each in single.values() if each.worst <= clean.worst]
        return acquit(clean, no_worse, evidence)
    pairs = stacked(evidence, clean, single)
    if pairs:
        best = min(pairs, key=lambda pair: pair.worst)
        return accuse("STACKED", list(best.names), best, clean, evidence)
    return nearest(clean, single, evidence)


def dumped(dump: str, rest: Verdict, first: str) -> Verdict:
    """The verdict on a port whose numbers were written in half precision, and what else is."""
    if rest.clean:
        return replace(rest, kind="NAMED", names=[dump], first_bad=first, untold=[])
    if rest.names:
        return replace(rest, kind="STACKED", names=[dump, *rest.names], first_bad=first)
    return replace(rest, hints=[f"all numbers are written as {dump} would", *rest.hints])


def accepted(tries: Iterable[Tried]) -> list[Tried]:
    """Those that leave nothing: at most PASS floors, or where none does, at most their limit."""
    kept = [each for each in tries if each.passes]
    return [each for each in kept if each.worst <= PASS] or kept


def share(each: Tried, clean: Tried) -> float:
    """The part of the deviation that is gone."""
    return max(0.0, 1 - each.length / clean.length) if clean.length else 0.0


def acquit(clean: Tried, passing: Sequence[Tried], evidence: Sequence[Evidence]) -> Verdict:
    """Nothing is wrong; with these mistakes it would look no other."""
    untold = [each.names[0] for each in passing if not MISTAKES[each.names[0]].equivalent]
    if refused := refused_of(evidence):
        return Verdict("REFUSED", [], 0.0, clean.worst, hints=refused,
                       dtype=evidence[0].trace.dtype)
    return Verdict("CLEAN", [], 1.0, clean.worst, untold=untold, dtype=evidence[0].trace.dtype)


def refused_of(evidence: Sequence[Evidence]) -> list[str]:
    """The first activations that have a known name and could not be compared, and why."""
    refused = [f"{each.trace.label} {tap} was refused: {why}" for each in evidence
               for tap, why in each.refused.items() if tap in each.expected]
    return refused[:SHOWN]


def name_them(found: Sequence[Tried], clean: Tried, evidence: Sequence[Evidence]) -> Verdict:
    """One mistake explains all, or several do, each alone."""
    best = min(found, key=lambda each: each.worst)
    names = [each.names[0] for each in found
             if share(each, clean) >= share(best, clean) / 2]
    if all(MISTAKES[name].equivalent for name in names):
        return Verdict("CLEAN", names, share(best, clean), best.worst,
                       dtype=evidence[0].trace.dtype)
    kind = "NAMED" if len(names) == 1 else "NAMED CLASS"
    return accuse(kind, names, best, clean, evidence)


def accuse(kind: str, names: list[str], best: Tried, clean: Tried, evidence: Sequence[Evidence],
           ) -> Verdict:
    """A verdict with names."""
    separating = separating_tap(names, evidence) if kind == "NAMED CLASS" else ""
    return Verdict(kind, names, share(best, clean), clean.worst, place(clean, evidence), separating,
                   hints=refused_of(evidence), dtype=evidence[0].trace.dtype)


def place(clean: Tried, evidence: Sequence[Evidence]) -> str:
    """Where it first shows."""
    first = clean.first_bad()
    return f"{evidence[first[0]].trace.label} {first[1]}" if first else ""


def separating_tap(names: Sequence[str], evidence: Sequence[Evidence]) -> str:
    """The first activation, of those not given, in which the mistakes of a class differ much."""
    found: dict[str, float] = {}
    for each in evidence:
        ours = Evidence(each.trace, each.model, each.floors, {}, {})
        runs = [ours.everything((name,)) for name in names]
        for tap in runs[0]:
            if tap not in each.given:
                apart = max(each.apart(tap, runs[0], other) for other in runs[1:])
                found[f"{each.trace.label} {tap}"] = apart
    enough = max(FAIL, max(found.values(), default=0.0) / 2)  # which of equals leads is rounding
    return next((tap for tap, apart in found.items() if apart > enough), "")


def stacked(evidence: Sequence[Evidence], clean: Tried, single: Mapping[str, Tried]) -> list[Tried]:
    """Pairs that explain all: one changes where it first shows, the other mends what is left."""
    first = clean.first_bad()
    assert first
    where, tap = first
    touching = [one for one in single.values() if one.found[where][tap] != clean.found[where][tap]]
    pairs: list[Tried] = []
    for one in sorted(touching, key=lambda one: one.floors[where][tap]):  # what mends it first
        left = one.first_bad()
        assert left
        there = [evidence[left[0]]]
        before = tried(there, one.names)
        for name in (name for name in single if name not in one.names):
            names = (*one.names, name)
            if best_of(there, names, before).passes:
                pairs.append(best_of(evidence, names, one))
        if any(pair.worst <= PASS for pair in pairs):
            break
    least = 0.0 if all(each.fed for each in evidence) else WHOLE
    return accepted(pair for pair in pairs if share(pair, clean) >= least)


def best_of(evidence: Sequence[Evidence], names: tuple[str, ...], before: Tried) -> Tried:
    """Mistakes tried; where that mends a part, by the floors of a port with them, more strictly.

    A rounding that is itself the mistake falls out otherwise wherever the sums before it do.
    """
    plain = tried(evidence, names)
    if plain.passes or share(plain, before) <= WORTH:
        return plain
    return tried(evidence, names, own_floors=True)


def nearest(clean: Tried, single: Mapping[str, Tried], evidence: Sequence[Evidence]) -> Verdict:
    """A near twin, if there is one, and what can be said without a name."""
    best = max(single.values(), key=lambda each: share(each, clean))
    explained, first = share(best, clean), clean.first_bad()
    assert first
    if explained >= NEAR:
        return accuse("FAMILY", list(best.names), best, clean, evidence)
    return Verdict("UNKNOWN", [], explained, clean.worst, place(clean, evidence),
                   hints=[*wrong_alone(clean, evidence), *hints(evidence[first[0]], first[1]),
                          *refused_of(evidence)], dtype=evidence[0].trace.dtype)


def wrong_alone(clean: Tried, evidence: Sequence[Evidence]) -> list[str]:
    """The operators that are wrong by themselves, where they could be replayed."""
    if not all(each.fed for each in evidence):
        return []
    wrong = {re.sub(r"^layers\.\d+\.", "", tap): None for of in clean.floors
             for tap, floors in of.items() if floors > FAIL}
    return [f"wrong by themselves: {', '.join(wrong)}"]
