"""neoxja inspect: what is in a model folder, from its headers alone."""

import argparse
import math

from neoxja_np.checkpoint.folder import stored_tensors
from neoxja_np.cli.options import Verbs, add_verb
from neoxja_np.files import find_folder

BYTES = {"float16 / bfloat16": 2, "float32": 4, "float64": 8}


def add_to(verbs: Verbs) -> None:
    """The verb and its options."""
    verb = add_verb(verbs, "inspect", run, "List the tensors of a model folder, its parameters and "
                    "the memory they take, without reading the weights.")
    verb.add_argument("folder", metavar="FOLDER")


def run(options: argparse.Namespace) -> None:
    """Prints a line for each tensor, then the sums."""
    tensors = stored_tensors(find_folder(options.folder))
    width = max(map(len, tensors), default=0)
    for name, tensor in tensors.items():
        print(f"{name:{width}}  {tensor.dtype:4}  {' x '.join(map(str, tensor.shape))}")
    parameters = sum(math.prod(tensor.shape) for tensor in tensors.values())
    print(f"\n{len(tensors)} tensors, {parameters:,} parameters")
    for dtype, size in BYTES.items():
        print(f"{readable(parameters * size):>12} as {dtype}")


def readable(size: int) -> str:
    """A number of bytes in the unit that suits it."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.2f} {name}"
    return f"{size} B"
