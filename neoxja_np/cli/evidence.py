"""What the verbs of the oracle share: traces from files, and the model that was traced."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM

if TYPE_CHECKING:
    from neoxja_np.oracle.comparison import Comparison
    from neoxja_np.oracle.evidence import Evidence

Run = Callable[[argparse.Namespace], int]
EXIT = ("Exit status 0: pass; 1: mismatch; 2: incomplete, or a trace that cannot be read; 3: the "
        "program does not keep to the protocol; 4: an expected failure does not occur.")


def add_traces(verb: argparse.ArgumentParser) -> None:
    """The traces, and what was run where the files do not say it."""
    verb.add_argument("traces", metavar="TRACE", nargs="+", type=Path,
                      help="NAME.safetensors, NAME.npz or a folder of .npy, with NAME.json "
                           "beside it; NAME.json alone for the likeliest next tokens; or a folder "
                           "of these")
    verb.add_argument("--fixture", default="", metavar="NAME",
                      help="the fixture that was run, where no JSON says it")
    verb.add_argument("--case", default="", metavar="NAME",
                      help="its case (plain, left_padded or chunked), where no JSON says it")
    verb.add_argument("--model", metavar="FOLDER",
                      help="the model folder that was run, where it is no fixture")
    verb.add_argument("--dtype", default="", choices=["float64", "float32", "bfloat16", "float16"],
                      help="what the port computes in (default: as the JSON, or else the tensors, "
                           "say)")
    verb.add_argument("--json", action="store_true", help="the result as one JSON object")


def gather_evidence(options: argparse.Namespace) -> list["Evidence"]:
    """Every trace that was named, beside its model. Raises FileNotFoundError, ValueError."""
    from neoxja_np.oracle.evidence import gather
    from neoxja_np.oracle.trace_files import load_traces
    model = None
    if options.model is not None:
        model = GPTNeoXJapaneseForCausalLM.from_pretrained(options.model, dtype="float64")
    return [gather(trace, model) for path in options.traces
            for trace in load_traces(path, fixture=options.fixture, case=options.case,
                                     dtype=options.dtype)]


def print_tables(found: Sequence["Comparison"], options: argparse.Namespace) -> int:
    """Prints the comparisons, by --json and --all, and returns the gravest exit code."""
    from neoxja_np.oracle import codes
    from neoxja_np.oracle.comparison import to_text
    if options.json:
        print(json.dumps({"traces": [each.to_dict() for each in found]}, ensure_ascii=False))
    else:
        print("\n\n".join(to_text(each, everything=options.all, colour=coloured())
                          for each in found))
    return codes.code(broken=False, stale=False,
                      mismatch=any(each.first_bad for each in found),
                      incomplete=any(each.code() == codes.INCOMPLETE for each in found))


def incomplete_if_unreadable(run: Run) -> Run:
    """What cannot be read is exit status 2: as 1, it would say that the port is wrong."""
    def careful(options: argparse.Namespace) -> int:
        from neoxja_np.oracle import codes
        try:
            return run(options)
        except BrokenPipeError:
            raise
        except (OSError, TypeError, ValueError) as error:
            print(f"neoxja: {error}", file=sys.stderr)
            return codes.INCOMPLETE
    return careful


def coloured() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()
