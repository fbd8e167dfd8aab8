"""neoxja compare: a trace beside the reference, activation by activation."""

import argparse

from neoxja_np.cli.evidence import (
    EXIT,
    add_traces,
    gather_evidence,
    incomplete_if_unreadable,
    print_tables,
)
from neoxja_np.cli.options import Verbs, add_verb


def add_to(verbs: Verbs) -> None:
    """The verb and what it takes."""
    verb = add_verb(verbs, "compare", incomplete_if_unreadable(run), (
        "Compare traces of a port with this package, in order of execution, in floors: how far "
        f"right computations are from each other. {EXIT}"))
    add_traces(verb)
    verb.add_argument("--taps", metavar="NAME,…", help="the activations that are expected, "
                      "such as embed_in,layers.0.*: others that are not given do not make the "
                      "comparison incomplete")
    verb.add_argument("--all", action="store_true", help="show what passes too")


def run(options: argparse.Namespace) -> int:
    """Prints a table for each trace and returns the gravest exit code."""
    from neoxja_np.oracle.comparison import compare
    only = None if options.taps is None else options.taps.split(",")
    found = [compare(evidence, only=only) for evidence in gather_evidence(options)]
    return print_tables(found, options)
