"""Runs the suite on a port: the vectors, the properties, and a name for what is wrong."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Flaky
from tqdm import tqdm

from neoxja_np.files import read_json
from neoxja_np.oracle import codes
from neoxja_np.oracle.program import PortError, ProtocolError, Skipped
from neoxja_np.oracle.tokenizer_suite.naming import Answers, Verdict, name_mistake
from neoxja_np.oracle.tokenizer_suite.ports import Port
from neoxja_np.oracle.tokenizer_suite.properties import PROPERTIES, Property
from neoxja_np.oracle.tokenizer_suite.vectors import Vector, load_tokenizer, load_vectors, sha256
from neoxja_np.tokenizer.pretrained import GPTNeoXJapaneseTokenizer
from neoxja_np.writing import write_files, write_json

VERSION = 1


@dataclass(frozen=True)
class Failure:
    """What failed, with the smallest example that was found; replay() takes it again."""

    name: str       # of the vector or the property
    drawn: Any      # a text, ids, or what the property draws
    message: str


@dataclass
class Report:
    """What the suite found."""

    passed: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)  # why
    verdict: Verdict | None = None
    broken: str = ""            # how the port left the protocol, where it did

    def code(self, expected: Iterable[str] = ()) -> int:
        """The exit code: expected failures are no mismatch, unless one of them does not fail."""
        failed, expected = {failure.name for failure in self.failures}, set(expected)
        return codes.code(broken=bool(self.broken), stale=bool(expected - failed),
                          mismatch=bool(failed - expected), incomplete=bool(self.skipped))


def run(port: Port, folder: Path, profile: str, *, examples: int = 300,
        progress: bool = False) -> Report:
    """The whole suite on a port that has read the two files of `folder`.

    examples: of each property. Where the port stops answering, so does the suite: what it did not
    answer is the last failure.
    """
    report, got, reference = Report(), Answers(), load_tokenizer(folder, profile)
    vectors = load_vectors(folder, profile)
    chosen = [each for each in PROPERTIES.values() if profile in each.profiles]
    try:
        for vector in tqdm(vectors, "vectors", disable=None if progress else True):
            check_vector(vector, port, report, got)
        for each in tqdm(chosen, "properties", disable=None if progress else True):
            check_property(each, port, reference, examples, report)
    except ProtocolError as error:
        report.broken = str(error)
    answered = [vector for vector in vectors if vector.id in got]
    if report.passed or report.failures:
        report.verdict = name_mistake(got, answered, folder, profile)
        if report.failures and report.verdict.kind == "CLEAN":  # of the vectors
            report.verdict = Verdict("UNKNOWN", [], 0, 0.0)
    return report


def check_vector(vector: Vector, port: Port, report: Report, got: Answers) -> None:
    """Enters a vector as passed, failed or skipped, and what the port answered in `got`.

    A port that does a part alone, such as encoding, is held to that part.
    Raises ProtocolError, entered as a failure.
    """
    drawn = vector.ids if vector.text is None else vector.text
    reasons: list[str] = []

    def ask(question: Callable[[Any], Any], asked: Any) -> Any:
        try:
            return question(asked)
        except Skipped as reason:
            reasons.append(str(reason))
            return None
        except PortError as error:
            return error  # equal to no answer
        except ProtocolError as error:
            report.failures.append(Failure(vector.id, drawn, f"{vector.comment}: {error}"))
            raise

    ids = vector.ids if vector.text is None else ask(port.encode, vector.text)
    decoded = ask(port.decode, vector.ids)
    got[vector.id] = ids, decoded
    wrong = []
    if ids is not None and ids != vector.ids:
        wrong.append(f"encode: expected {vector.ids}, got {shown(ids)}")
    if decoded is not None and decoded != vector.decoded:
        wrong.append(f"decode of {vector.ids}: expected {vector.decoded!r}, got {shown(decoded)}")
    if wrong:
        message = "\n    ".join([f"{vector.comment}: {drawn!r}", *wrong])
        report.failures.append(Failure(vector.id, drawn, message))
    elif reasons:
        report.skipped[vector.id] = reasons[0]
    else:
        report.passed.append(vector.id)


def shown(answer: Any) -> str:
    """An answer, or the error in its place."""
    return f"the error {str(answer)!r}" if isinstance(answer, PortError) else repr(answer)


def check_property(each: Property, port: Port, reference: GPTNeoXJapaneseTokenizer,
                   examples: int, report: Report) -> None:
    """Enters a property as passed, failed with the smallest example found, or skipped.

    Raises ProtocolError, entered as a failure with the example that was not answered.
    """
    last: Any = None
    broken: ProtocolError | None = None

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True,
              report_multiple_bugs=False, suppress_health_check=list(HealthCheck),
              phases=[Phase.generate, Phase.shrink])
    @given(each.draw(reference.vocabulary))
    def check(drawn: Any) -> None:
        nonlocal last, broken
        if broken:  # nothing can be made smaller then
            return
        last = drawn
        try:
            each.check(port, reference, drawn)
        except ProtocolError as error:
            broken = error

    try:
        check()
    except Skipped as reason:
        report.skipped[each.name] = str(reason)
    except (AssertionError, PortError, Flaky) as error:
        report.failures.append(Failure(each.name, last, message_of(each, last, error)))
    else:
        if broken:
            report.failures.append(Failure(each.name, last, message_of(each, last, broken)))
            raise broken
        report.passed.append(each.name)


def message_of(each: Property, drawn: Any, error: Exception) -> str:
    """What a property says, what it fails on, and how."""
    how = (str(error).splitlines() or [type(error).__name__])[0]
    return f"{each.summary}\n    fails on {drawn!r}\n    {how}"


def write_failures(report: Report, path: Path, reference: GPTNeoXJapaneseTokenizer) -> None:
    """A file from which replay() takes every failure again."""
    record = {"suite": VERSION, "profile": reference.profile.name, "vocabulary": sha256(reference),
              "failures": [asdict(failure) for failure in report.failures]}
    write_files(path.parent, {path.name: lambda part: write_json(part, record)})


def replay(path: Path, port: Port, folder: Path, profile: str) -> Report:
    """The failures of a file tried again, and nothing else.

    Raises ValueError for a file of another vocabulary, profile or version.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {str(path)!r} to replay")
    record, reference = read_json(path), load_tokenizer(folder, profile)
    for name, expected in (("suite", VERSION), ("profile", profile),
                           ("vocabulary", sha256(reference))):
        if record.get(name) != expected:
            raise ValueError(f"{path} was written with another {name} ({record.get(name)}) than "
                             f"this run has ({expected}): give the same one")
    vectors = {vector.id: vector for vector in load_vectors(folder, profile)}
    report, got = Report(), Answers()
    try:
        for failure in record["failures"]:
            if failure["name"] in vectors:
                check_vector(vectors[failure["name"]], port, report, got)
            else:
                each = PROPERTIES[failure["name"]]
                check_example(each, failure["drawn"], port, reference, report)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not what this version writes: {error!r}") from None
    except ProtocolError as error:
        report.broken = str(error)
    return report


def check_example(each: Property, drawn: Any, port: Port, reference: GPTNeoXJapaneseTokenizer,
                  report: Report) -> None:
    """A property on one example."""
    try:
        each.check(port, reference, drawn)
    except Skipped as reason:
        report.skipped[each.name] = str(reason)
    except (AssertionError, PortError, ProtocolError) as error:
        report.failures.append(Failure(each.name, drawn, message_of(each, drawn, error)))
        if isinstance(error, ProtocolError):
            raise
    else:
        report.passed.append(each.name)
