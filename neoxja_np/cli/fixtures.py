"""neoxja fixtures: small models by formula, to run a port on."""

import argparse
import sys
from pathlib import Path

from neoxja_np.cli.options import Verbs, add_group, add_verb


def add_to(verbs: Verbs) -> None:
    """The verbs and what they take."""
    group = add_group(verbs, "fixtures", "Small models whose weights a formula gives.")
    add_verb(group, "list", run_list, "List the fixtures and what each is for.")
    make = add_verb(group, "make", run_make, (
        "Write fixtures as model folders, each with the traces that a right port gives and a table "
        "of the first numbers of every activation."))
    make.add_argument("names", metavar="NAME", nargs="*", help="all if none is named")
    make.add_argument("--dtype", choices=["float16", "float32", "float64"], default="float32",
                      help="of the weights; the numbers are the same in each (default: float32)")
    make.add_argument("-o", "--output", metavar="FOLDER", type=Path, required=True)


def run_list(options: argparse.Namespace) -> None:
    """Prints a line for each."""
    from neoxja_np.oracle.fixture import fixture_names, load_fixture
    for name in fixture_names():
        fixture = load_fixture(name)
        config = fixture.config
        print(f"{name:15} {config.num_hidden_layers} x {config.hidden_size}, cases "
              f"{', '.join(fixture.cases)}: {fixture.summary}")


def run_make(options: argparse.Namespace) -> None:
    """Writes FOLDER/NAME: config.json, model.safetensors, traces/, first_numbers.txt."""
    from neoxja_np.oracle.fixture import fixture_names, load_fixture
    from neoxja_np.oracle.fixture_files import write_fixture
    fixtures = [load_fixture(name) for name in options.names or fixture_names()]
    for fixture in fixtures:
        folder = options.output / fixture.name
        write_fixture(fixture, folder, options.dtype)
        print(folder, file=sys.stderr)
