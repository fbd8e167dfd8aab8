"""neoxja explain: what a known mistake of ports is, and what it looks like."""

import argparse
from itertools import groupby

from neoxja_np.cli.options import Verbs, add_verb


def add_to(verbs: Verbs) -> None:
    """The verb and its options."""
    verb = add_verb(verbs, "explain", run, (
        "Say of a known mistake of ports what it is, why it is made, how it shows or hides, the "
        "lines of source that differ, where it was seen in the open, where the course explains it "
        "and how to try it. Without NAME: list all mistakes by family."))
    verb.add_argument("name", metavar="NAME", nargs="?",
                      help="such as rope_interleaved (default: list all names)")


def run(options: argparse.Namespace) -> None:
    """Prints the page of one mistake, or a line for each."""
    from neoxja_np.oracle.explanations import explain  # the oracle takes a while to import
    print(explain(options.name) if options.name is not None else everything())


def everything() -> str:
    """Every known mistake with its summary, by family."""
    from neoxja_np.oracle.mistakes import MISTAKES
    width = max(map(len, MISTAKES))
    lines = []
    for family, mistakes in groupby(MISTAKES.values(), key=lambda mistake: mistake.family):
        lines += [f"{family}:", *(f"  {each.name:{width}}  {each.summary}" for each in mistakes)]
    return "\n".join(lines)
