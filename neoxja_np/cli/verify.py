"""neoxja verify: is a model folder whole and what it says it is?"""

import argparse

from neoxja_np.cli.options import Verbs, add_verb
from neoxja_np.verify import verify

WORDS = {True: "ok", False: "WRONG", None: "-"}


def add_to(verbs: Verbs) -> None:
    """The verb and its options."""
    verb = add_verb(verbs, "verify", run, (
        "Check a model folder: hashes and checksums of its files, names, shapes and finite values "
        "of its tensors, tied embeddings, the vocabulary against the config; and for the 2.7B the "
        "five texts that it is known to say. Ends with 1 where something is wrong."))
    verb.add_argument("folder", metavar="FOLDER")
    verb.add_argument("--no-outputs", action="store_true",
                      help="do not run the 2.7B for its texts, which takes 6 GB of memory and "
                           "some minutes")


def run(options: argparse.Namespace) -> int:
    """Prints a line for each thing as it is known."""
    wrong = False
    for finding in verify(options.folder, outputs=not options.no_outputs):
        print(f"{WORDS[finding.passed]:5} {finding.what}: {finding.found}", flush=True)
        wrong |= finding.passed is False
    return int(wrong)
