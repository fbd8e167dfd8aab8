"""neoxja replay: each operator on the port's own inputs."""

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
    verb = add_verb(verbs, "replay", incomplete_if_unreadable(run), (
        "Compare each operator of a port alone: this package computes it from what the port itself "
        "recorded before it, so that errors do not add up. What half precision needs, and what "
        f"shows every wrong operator at once. {EXIT}"))
    add_traces(verb)
    verb.add_argument("--all", action="store_true", help="show what passes too")


def run(options: argparse.Namespace) -> int:
    """Prints a table for each trace and returns the gravest exit code."""
    from neoxja_np.oracle.comparison import compare_operators
    found = [compare_operators(evidence) for evidence in gather_evidence(options)]
    return print_tables(found, options)
