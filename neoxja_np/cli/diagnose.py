"""neoxja diagnose: the known mistake that explains how a port differs."""

import argparse
import json

from neoxja_np.cli.evidence import EXIT, add_traces, gather_evidence, incomplete_if_unreadable
from neoxja_np.cli.options import Verbs, add_verb


def add_to(verbs: Verbs) -> None:
    """The verb and what it takes."""
    verb = add_verb(verbs, "diagnose", incomplete_if_unreadable(run), (
        "Name the mistake of a port: this package is run with each known one, and what gives the "
        f"port's numbers is it. The more cases and fixtures, the surer. {EXIT}"))
    add_traces(verb)


def run(options: argparse.Namespace) -> int:
    """Prints the verdict."""
    from neoxja_np.oracle import codes
    from neoxja_np.oracle.diagnosis import diagnose
    verdict = diagnose(gather_evidence(options))
    if options.json:
        print(json.dumps({**vars(verdict), "text": str(verdict)}, ensure_ascii=False))
    else:
        print(verdict)
    return codes.code(broken=False, stale=False, mismatch=verdict.accuses,
                      incomplete=not verdict.clean)
