"""neoxja selftest: does every known mistake show in some fixture?"""

import argparse
import json
import sys

from neoxja_np.cli.options import Verbs, add_verb


def add_to(verbs: Verbs) -> None:
    """The verb and what it takes."""
    verb = add_verb(verbs, "selftest", run, (
        "Plant every known mistake in this package and measure, fixture by fixture, by how many "
        "floors it shows. Exit status 1 where one shows nowhere."))
    verb.add_argument("--mistake", metavar="NAME", action="append", help="this one alone; may be "
                      "given several times")
    verb.add_argument("--json", action="store_true", help="the figures as one JSON object")


def run(options: argparse.Namespace) -> int:
    """Prints the table and returns 1 where a mistake survives."""
    from neoxja_np.oracle.diagnosis import model_mistakes
    from neoxja_np.oracle.selftest import KILLED, kills, survivors, to_markdown
    unknown = [name for name in options.mistake or () if name not in model_mistakes()]
    if unknown:
        raise ValueError(f"no mistake of the model is called {unknown[0]!r}; there are "
                         f"{', '.join(model_mistakes())}")
    found = kills(options.mistake, progress=True)
    if options.json:
        print(json.dumps(found).replace("Infinity", "null"))
    else:
        print(to_markdown(found), end="")
    alive = survivors(found)
    for name in alive:
        print(f"neoxja: {name} shows in no fixture by {KILLED:.0f} floors", file=sys.stderr)
    return 1 if alive else 0
