"""neoxja conform: does a port do what this package does, and if not, what is its mistake?"""

import argparse
import json
import os
import sys
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from neoxja_np.cli.evidence import EXIT, coloured
from neoxja_np.cli.options import Verbs, add_group, add_verb, number
from neoxja_np.files import find_folder, read_text
from neoxja_np.tokenizer.vocabulary import PROFILES

if TYPE_CHECKING:
    from neoxja_np.oracle.conformance import Report as ModelReport
    from neoxja_np.oracle.tokenizer_suite.conform import Report
    from neoxja_np.oracle.tokenizer_suite.ports import Port

FAILURES = "neoxja-failures.json"
SHOWN = 5  # failures and skips printed


def add_to(verbs: Verbs) -> None:
    """The verb and what it takes."""
    group = add_group(verbs, "conform", "Check a port against this package.")
    add_model_verb(group)
    verb = add_verb(group, "tokenizer", run, (
        "Run the tokenizer suite on a port: vectors, properties, and the name of the known mistake "
        "that explains what it gets wrong. Exit status 0: all passes; 1: something fails; 2: "
        "something was skipped, or could not be tried; 3: the port does not keep to the protocol; "
        "4: a failure that was expected does not occur."))
    port = verb.add_mutually_exclusive_group(required=True)
    port.add_argument("--cmd", metavar="COMMAND",
                      help="a program that speaks JSON lines, as docs/suite.md says, such as "
                           "'node mine.js'")
    port.add_argument("--python", metavar="MODULE:OBJECT",
                      help="a Python object with encode(text) and decode(ids), or what makes one "
                           "from the paths of vocab.txt and emoji.json")
    verb.add_argument("--profile", choices=list(PROFILES), default="hf",
                      help="what the port claims to equal (default: hf)")
    verb.add_argument("--vocabulary", metavar="FOLDER",
                      help="a folder with vocab.txt and emoji.json (default: the small vocabulary "
                           "that comes with the suite)")
    verb.add_argument("--examples", metavar="N", default=300,
                      type=number(int, "a whole number above 0", lambda n: n > 0),
                      help="examples drawn for each property (default: 300)")
    verb.add_argument("--failures", metavar="FILE", type=Path, default=Path(FAILURES),
                      help=f"where failures are written, each made small (default: {FAILURES})")
    verb.add_argument("--replay", metavar="FILE", type=Path,
                      help="try again what failed in such a file, and nothing else; no mistake is "
                           "named then")
    verb.add_argument("--expect-failures", metavar="FILE", type=Path,
                      help="names of vectors and properties that are known to fail, one a line, "
                           "# begins a comment; one that passes is an error, so that the "
                           "list stays true")
    verb.add_argument("--json", action="store_true", help="the report as one JSON object")


def add_model_verb(group: Verbs) -> None:
    """conform model."""
    verb = add_verb(group, "model", run_model, (
        "Run a port on every fixture, compare all its activations, and name the known mistake that "
        f"explains what it gets wrong. {EXIT}"))
    verb.add_argument("--cmd", metavar="COMMAND", required=True,
                      help="a program that speaks JSON lines, as docs/port.md says, such as "
                           "'node mine.js'")
    verb.add_argument("--fixture", metavar="NAME", action="append", default=[],
                      help="this one alone; may be given several times (default: all)")
    verb.add_argument("--traces", metavar="FOLDER", type=Path,
                      help="write what the port gave as traces, for compare, replay and diagnose")
    verb.add_argument("--expect-failures", metavar="FILE", type=Path,
                      help="cases that are known to fail, such as long/chunked, one a line, # "
                           "begins a comment; one that passes is an error, so that the list stays "
                           "true")
    verb.add_argument("--all", action="store_true", help="show what passes too")
    verb.add_argument("--json", action="store_true", help="the report as one JSON object")


def run_model(options: argparse.Namespace) -> int:
    """Runs the fixtures, prints what was found, and returns the exit code."""
    from neoxja_np.oracle import codes
    from neoxja_np.oracle.conformance import conform
    from neoxja_np.oracle.program import ProtocolError
    from neoxja_np.oracle.trace_files import save_trace
    try:
        expected = read_names(options.expect_failures) if options.expect_failures else []
        if options.fixture:  # of the others nothing can be said
            expected = [name for name in expected if name.split("/")[0] in options.fixture]
        report = conform(options.cmd, options.fixture, progress=True)
        for trace in report.traces if options.traces else ():
            save_trace(trace, options.traces / trace.fixture)
    except ProtocolError as error:
        print(f"neoxja: {error}", file=sys.stderr)
        return codes.PROTOCOL_BROKEN
    except (OSError, ValueError) as error:
        print(f"neoxja: {error}", file=sys.stderr)
        return codes.INCOMPLETE
    if options.json:
        print(json.dumps(report.to_dict(), ensure_ascii=False))
    else:
        print(model_text(report, expected, everything=options.all))
    return report.code(expected)


def model_text(report: "ModelReport", expected: Collection[str], *, everything: bool) -> str:
    """The tables of what does not pass, a line for each case that does, and the verdict."""
    from neoxja_np.oracle.comparison import covered, in_words, to_text
    lines = [to_text(each, everything=everything, colour=coloured()) if everything or each.code()
             else f"{each.label}: {covered(each)}, all within {in_words(each)}"
             for each in report.comparisons]
    lines += [f"SKIP {name}: {reason}" for name, reason in report.skipped.items()]
    lines += [f"ERROR {name}: {reason}" for name, reason in report.errors.items()]
    lines += [f"STALE {name}: expected to fail, and does not"
              for name in expected if name not in report.failed]
    lines += [f"BROKEN {report.broken}"] if report.broken else []
    return "\n".join([*lines, *([str(report.verdict)] if report.verdict else [])])


def run(options: argparse.Namespace) -> int:
    """Runs the suite, prints what it found, and returns the exit code."""
    try:
        from neoxja_np.oracle import codes
        from neoxja_np.oracle.program import ProtocolError, Skipped
        from neoxja_np.oracle.tokenizer_suite import conform, vectors
    except ModuleNotFoundError as error:
        print(f"neoxja: the suite needs {error.name}: pip install 'neoxja-np[suite]', or in a "
              "checkout pip install -e '.[suite]'", file=sys.stderr)
        return 2
    try:
        folder = vectors.SMALL if options.vocabulary is None else find_folder(options.vocabulary)
        expected = read_names(options.expect_failures) if options.expect_failures else []
        port = start_port(options, folder)
        try:
            if options.replay:
                report = conform.replay(options.replay, port, folder, options.profile)
            else:
                report = conform.run(port, folder, options.profile, examples=options.examples,
                                     progress=True)
        finally:
            port.close()
    except ProtocolError as error:
        print(f"neoxja: {error}", file=sys.stderr)
        return codes.PROTOCOL_BROKEN
    except Skipped as reason:
        print(f"neoxja: the port does not do this: {reason}", file=sys.stderr)
        return codes.INCOMPLETE
    except (OSError, ValueError) as error:  # as 1, it would say that the port is wrong
        print(f"neoxja: {error}", file=sys.stderr)
        return codes.INCOMPLETE
    print(to_json(report) if options.json else to_text(report, expected))
    if report.failures and not options.replay:
        reference = vectors.load_tokenizer(folder, options.profile)
        conform.write_failures(report, options.failures, reference)
        print(f"neoxja: failures written to {options.failures}; the same command with --replay "
              f"{options.failures} tries them again", file=sys.stderr)
    elif not options.replay:
        options.failures.unlink(missing_ok=True)  # those of an earlier run
    return report.code(expected)


def start_port(options: argparse.Namespace, folder: Path) -> "Port":
    """The port that was asked for; Python looks for its module in the current folder too."""
    from neoxja_np.oracle.tokenizer_suite.ports import ProgramPort, load_object
    if options.cmd is not None:
        return ProgramPort(options.cmd, folder, options.profile)
    sys.path.insert(0, os.getcwd())
    return load_object(options.python, folder, options.profile)


def read_names(path: Path) -> list[str]:
    """The names in a file of expected failures."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {str(path)!r}")
    lines = (line.partition("#")[0].strip() for line in read_text(path).splitlines())
    return [line for line in lines if line]


def to_json(report: "Report") -> str:
    """All that was found."""
    return json.dumps(asdict(report), ensure_ascii=False)


def to_text(report: "Report", expected: Collection[str]) -> str:
    """The counts, the smallest failures, what was skipped, and the verdict."""
    failed = {failure.name for failure in report.failures}
    lines = [f"{len(report.passed)} passed, {len(failed)} failed, {len(report.skipped)} skipped"]
    unexpected = sorted((failure for failure in report.failures if failure.name not in expected),
                        key=lambda failure: len(str(failure.drawn)))  # the smallest says the most
    lines += [f"FAIL {failure.name}: {failure.message}" for failure in unexpected[:SHOWN]]
    if more := [failure.name for failure in unexpected[SHOWN:]]:
        from neoxja_np.oracle.tokenizer_suite.properties import PROPERTIES
        properties = [name for name in more if name in PROPERTIES]
        lines.append(f"… and {len(more)} more"
                     + (f", among them {', '.join(properties)}" if properties else ""))
    lines += [f"STALE {name}: expected to fail, and does not"
              for name in expected if name not in failed]
    lines += [f"SKIP {name}: {reason}" for name, reason in [*report.skipped.items()][:SHOWN]]
    if len(report.skipped) > SHOWN:
        lines.append(f"… and {len(report.skipped) - SHOWN} more")
    lines += [f"BROKEN {report.broken}"] if report.broken else []
    return "\n".join([*lines, *([str(report.verdict)] if report.verdict else [])])
