"""What the oracle promises, tried in full: every known mistake on every fixture. About twenty minutes on two cores.

    python -m tools.oracle_trial [full top half pairs left_out] [--pairs 100] [--seed 7]

full       float32 ports with one mistake, from all activations
top        the same, from the ten likeliest next tokens of the three cases
half       bfloat16 and float16 ports, from all activations
pairs      two mistakes at once, drawn by chance; not those that are equivalent or of which one undoes the other
left_out   a mistake whose entry is removed: who is accused?

A port is this package computing in another legitimate way (tests/oracle/ports.py), with the mistake planted.
"""

import argparse
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
from neoxja_np.oracle.cases import run
from neoxja_np.oracle.diagnosis import Verdict, model_mistakes
from neoxja_np.oracle.fixture import fixture_names, load_fixture
from neoxja_np.oracle.mistakes import MISTAKES, planted
from tests.oracle.ports import verdict_on

SHOWING = [name for name in model_mistakes() if not MISTAKES[name].equivalent]
EQUIVALENT = [name for name in model_mistakes() if MISTAKES[name].equivalent]
Case = tuple[str, Verdict, str]  # what was planted, what was said, how that is judged


def judged(planted_names: tuple[str, ...], verdict: Verdict) -> str:
    """How a verdict on a port with these mistakes is to be taken."""
    names, known = set(verdict.names), set(planted_names)
    families = {MISTAKES[name].family for name in names}
    if verdict.clean:
        equivalent = all(MISTAKES[name].equivalent for name in known)
        return "clean, as it should be" if equivalent else (
            "cannot be resolved" if known <= set(verdict.untold) else "MISSED")
    if names == known:
        return "named"
    if verdict.kind == "NAMED CLASS" and known <= names:
        return "class with the right name"
    if not names:
        return "unknown"
    return "family" if families <= {MISTAKES[name].family for name in known} else "NAMED WRONGLY"


def singles(dtype: str, size: str, names: list[str]) -> Iterator[Case]:
    """One mistake in each port, and none."""
    for name in names:
        verdict = verdict_on(dtype, [name], size=size)
        yield name, verdict, judged((name,), verdict)
    verdict = verdict_on(dtype, size=size)
    yield "none", verdict, "clean, as it should be" if verdict.clean else "NAMED WRONGLY"


def full() -> Iterator[Case]:
    """Float32, all activations."""
    return singles("float32", "full", SHOWING + EQUIVALENT)


def top() -> Iterator[Case]:
    """Float32, the likeliest tokens; a mistake of dumping does not show in them."""
    return singles("float32", "top", [name for name in SHOWING if MISTAKES[name].family != "dumping"] + EQUIVALENT)


def half() -> Iterator[Case]:
    """Both half precisions, all activations."""
    for dtype in ("bfloat16", "float16"):
        for name, verdict, judgement in singles(dtype, "full", SHOWING):
            yield f"{dtype} {name}", verdict, judgement


def left_out() -> Iterator[Case]:
    """Nobody outside the family may be accused."""
    for name in SHOWING:
        verdict = verdict_on("float32", [name], among=[each for each in model_mistakes() if each != name])
        yield name, verdict, judged((name,), verdict)


def everything(names: tuple[str, ...]) -> list[np.ndarray]:
    """Every activation of every fixture, with these mistakes."""
    found = []
    for label in fixture_names():
        for case in load_fixture(label).cases.values():
            with planted(names):
                found += run(load_fixture(label).model(), case).values()
    return found


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    """Whether two runs are the same but for rounding."""
    return all(a.shape == b.shape and np.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in zip(one, other, strict=True))


def pairs(count: int, seed: int) -> Iterator[Case]:
    """Both mistakes must leave a trace: a pair that runs as one of the two alone is none."""
    drawn = list(itertools.combinations(SHOWING, 2))
    random.Random(seed).shuffle(drawn)
    alone: dict[str, list[np.ndarray]] = {}
    for pair in drawn:
        if count == 0:
            return
        for name in pair:
            alone.setdefault(name, everything((name,)))
        both = everything(pair)
        if any(same(both, alone[name]) for name in pair):
            continue
        verdict = verdict_on("float32", pair)
        yield " + ".join(pair), verdict, judged(pair, verdict)
        count -= 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trials", nargs="*", help="all if none is named")
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    trials: dict[str, Callable[[], Iterator[Case]]] = {
        "full": full, "top": top, "half": half, "left_out": left_out,
        "pairs": lambda: pairs(options.pairs, options.seed)}
    for trial in options.trials or trials:
        start, counts = time.perf_counter(), Counter[str]()
        for what, verdict, judgement in trials[trial]():
            counts[judgement] += 1
            if judgement != "named":
                print(f"  {judgement}: {what}: {verdict.headline()}", flush=True)
        seconds = (time.perf_counter() - start) / counts.total()
        found = ", ".join(f"{number} {judgement}" for judgement, number in counts.most_common())
        print(f"{trial}: {counts.total()} ports, {found}; {seconds:.1f} s each", flush=True)


if __name__ == "__main__":
    main()
