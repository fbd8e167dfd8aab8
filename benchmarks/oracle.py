"""How long the oracle takes: whole commands on the full traces of all six fixtures, and what diagnose has to search.

    python -m benchmarks.oracle [--runs 3]

Goals: compare under 2 s, diagnose under 30 s on two cores.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from neoxja_np.oracle.fixture import fixture_names
from neoxja_np.oracle.mistakes import inject
from neoxja_np.oracle.trace_files import save_trace
from neoxja_np.oracle.traces import Trace, trace_fixture

# What is planted, and the verb: a clean port, one mistake, two, and one that no pair of known ones explains.
TRIALS = [("compare", "clean"), ("compare", "gelu_tanh"), ("replay", "gelu_tanh"), ("diagnose", "clean"), ("diagnose", "gelu_tanh"),
          ("diagnose", "gelu_tanh rope_base"), ("diagnose", "unknown")]


def traces(planted: str) -> Iterable[Trace]:
    """The traces of a port on every fixture."""
    if planted == "unknown":  # every second number of an activation has the other sign
        for trace in traces("clean"):
            for name, value in trace.activations.items():
                if name.endswith("mlp.act"):
                    value[..., ::2] *= -1
            yield trace
        return
    if planted == "clean":
        for name in fixture_names():
            yield from trace_fixture(name)
        return
    first, *rest = planted.split()
    with inject(first):
        yield from traces(" ".join(rest) or "clean")


def seconds(arguments: list[str]) -> float:
    """Of a whole command, the interpreter's start included."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "neoxja_np", *arguments], stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    print("| command | port | seconds, median (lowest to highest) |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        for verb, planted in TRIALS:
            folder = Path(place) / planted.replace(" ", "+")
            if not folder.exists():
                for trace in list(traces(planted)):
                    save_trace(trace, folder, f"{trace.fixture}-{trace.case_name}")
            found = [seconds([verb, str(folder)]) for _ in range(options.runs)]
            print(f"| {verb} | {planted} | {statistics.median(found):.1f} ({min(found):.1f} to {max(found):.1f}) |", flush=True)


if __name__ == "__main__":
    main()
