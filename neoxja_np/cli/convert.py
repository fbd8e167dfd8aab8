"""neoxja convert: a model folder's weights as safetensors, in any dtype, in shards."""

import argparse
import sys
from pathlib import Path

from neoxja_np.cli.options import Verbs, add_verb
from neoxja_np.convert import DTYPES, convert


def add_to(verbs: Verbs) -> None:
    """The verb and its options."""
    verb = add_verb(verbs, "convert", run, (
        "Write the weights of a model folder as safetensors: from pytorch_model.bin, which is read "
        "without executing anything in it, or from safetensors, which come first where -o is "
        "given; in another dtype, in shards. The old weights stay whole until the new ones are."))
    verb.add_argument("folder", metavar="FOLDER", help="a model folder")
    verb.add_argument("-o", "--output", metavar="FOLDER", type=Path,
                      help="the model folder to write (default: FOLDER itself)")
    verb.add_argument("--dtype", choices=list(DTYPES), help="default: as they are stored")
    verb.add_argument("--max-shard-size", metavar="SIZE", default="50GB",
                      help='such as "5GB": larger weights are written in shards (default: 50GB)')
    verb.add_argument("--replace", action="store_true",
                      help="write over the safetensors and the model that the output holds; its "
                           "config and tokenizer files that FOLDER lacks are removed")


def run(options: argparse.Namespace) -> None:
    """Converts, and says what was left out and where the weights are."""
    notes = convert(options.folder, options.output, dtype=options.dtype,
                    max_shard_size=options.max_shard_size, replace=options.replace)
    for note in notes:
        print(f"neoxja: {note}", file=sys.stderr)
    print(options.output or options.folder)
