"""neoxja trace: every activation of a run, written down."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from neoxja_np.cli.options import Verbs, add_model, add_verb, load_tokenizer
from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM

if TYPE_CHECKING:
    from neoxja_np.oracle.traces import Trace


def add_to(verbs: Verbs) -> None:
    """The verb and what it takes."""
    verb = add_verb(verbs, "trace", run, (
        "Write every activation of a run as safetensors, and what was run as JSON beside it."))
    what = verb.add_mutually_exclusive_group(required=True)
    what.add_argument("--text", help="a text for the tokenizer of --model")
    what.add_argument("--ids", metavar="JSON", help="token ids for --model, such as '[3, 1, 4]', "
                      "or rows of them")
    what.add_argument("--fixture", metavar="NAME",
                      help="all cases of a fixture, instead of --model")
    add_model(verb)
    verb.add_argument("--mask", metavar="JSON", help="rows of 1, and 0 at padding (with --ids)")
    verb.add_argument("--cuts", metavar="N,…", default="",
                      help="where a new call begins, on the cache of those before it")
    verb.add_argument("--taps", metavar="NAME,…", help="these activations alone, such as "
                      "logits,layers.0.*")
    verb.add_argument("--size", choices=["full", "sketch", "summary", "top"], default="full",
                      help="all numbers; 64 random sums and the length; sum, mean, std, min and "
                           "max; or the ten likeliest next tokens of a fixture (default: full)")
    verb.add_argument("--dtype", default="float32",
                      choices=["float64", "float32", "bfloat16", "float16"],
                      help="half precision, of a fixture: each activation is rounded (default: "
                           "float32)")
    verb.add_argument("--angle-dtype", choices=["float32", "float64"], default="float32",
                      help="in what rotary's angles are computed (default: float32, as Hugging "
                           "Face does)")
    verb.add_argument("-o", "--output", metavar="FOLDER", type=Path, required=True)


def run(options: argparse.Namespace) -> None:
    """Writes the traces and says where."""
    from neoxja_np.oracle.trace_files import save_top, save_trace
    from neoxja_np.oracle.traces import reduced, trace_fixture
    taps = None if options.taps is None else options.taps.split(",")
    if options.fixture is not None:
        traces = trace_fixture(options.fixture, options.dtype, angle_dtype=options.angle_dtype,
                               taps=taps)
    else:
        traces = [trace_model(options, taps)]
    if options.size == "top":
        if taps is not None:
            raise ValueError("--size top is of the logits: it goes without --taps")
        if options.fixture is None:
            raise ValueError("--size top needs --fixture: the file says which case each token "
                             "follows")
        save_top(traces, options.output / "top.json")
        print(options.output / "top.json", file=sys.stderr)
        return
    for each in traces:
        kept = each if options.size == "full" else reduced(each, options.size)
        print(save_trace(kept, options.output), file=sys.stderr)


def trace_model(options: argparse.Namespace, taps: list[str] | None) -> "Trace":
    """The trace of a model folder on a text or on ids."""
    from neoxja_np.oracle.traces import trace
    if options.dtype not in ("float32", "float64"):
        raise ValueError("half precision is traced of fixtures alone: their weights are the same "
                         "numbers in it; give --fixture, or --dtype float32 or float64")
    model = GPTNeoXJapaneseForCausalLM.from_pretrained(
        options.model, dtype=options.dtype, angle_dtype=options.angle_dtype)
    mask = None
    if options.text is not None:
        ids = load_tokenizer(options).encode(options.text)
    else:
        ids = numbers("--ids", options.ids)
        mask = None if options.mask is None else numbers("--mask", options.mask)
    cuts = [int(cut) for cut in options.cuts.split(",") if cut]
    return trace(model, ids, mask, cuts=cuts, taps=taps)


def numbers(option: str, text: str) -> list[int]:
    """The JSON of an option. Raises ValueError for anything but lists."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{option}: expected JSON such as [3, 1, 4], got {text!r}: {error}"
                         ) from None
    if not isinstance(found, list):
        raise ValueError(f"{option}: expected a list such as [3, 1, 4], got {text!r}")
    return found
