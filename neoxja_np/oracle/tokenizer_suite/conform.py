"""Runs the suite on a port: the vectors, the properties, and a name for what is wrong."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Flaky
from tqdm import tqdm

from neoxja_np.files import read_json, write_files, write_json
from neoxja_np.oracle.tokenizer_suite.naming import Answers, Verdict, name_mistake
from neoxja_np.oracle.tokenizer_suite.ports import Port, PortError, Skipped
from neoxja_np.oracle.tokenizer_suite.properties import PROPERTIES, Property
from neoxja_np.oracle.tokenizer_suite.vectors import Vector, load_tokenizer, load_vectors, sha256
from neoxja_np.tokenizer.pretrained import GPTNeoXJapaneseTokenizer

VERSION = 1
PASS, MISMATCH, INCOMPLETE, PROTOCOL_BROKEN, STALE = range(5)  # exit codes


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

    def code(self, expected: Iterable[str] = ()) -> int:
        """The exit code: expected failures are no mismatch, unless one of them does not fail."""
        failed, expected = {failure.name for failure in self.failures}, set(expected)
        if expected - failed:
            return STALE
        if failed - expected:
            return MISMATCH
        return INCOMPLETE if self.skipped else PASS


def run(port: Port, folder: Path, profile: str, *, examples: int = 300,
        progress: bool = False) -> Report:
    """The whole suite on a port that has read the two files of `folder`.

    examples: of each property. Raises ProtocolError where the port does not answer.
    """
    report, got, reference = Report(), Answers(), load_tokenizer(folder, profile)
    vectors = load_vectors(folder, profile)
    for vector in tqdm(vectors, "vectors", disable=not progress):
        check_vector(vector, port, report, got)
    chosen = [each for each in PROPERTIES.values() if profile in each.profiles]
    for each in tqdm(chosen, "properties", disable=not progress):
        check_property(each, port, reference, examples, report)
    answered = [vector for vector in vectors if vector.id in got]
    report.verdict = name_mistake(got, answered, folder, profile)
    return report


def check_vector(vector: Vector, port: Port, report: Report, got: Answers) -> None:
    """Enters a vector as passed, failed or skipped, and what the port answered in `got`."""
    try:
        ids = vector.ids if vector.text is None else port.encode(vector.text)
        got[vector.id] = ids, port.decode(vector.ids)
    except Skipped as reason:
        report.skipped[vector.id] = str(reason)
        return
    except PortError as error:
        got[vector.id] = [], f"error: {error}"
    if got[vector.id] == (vector.ids, vector.decoded):
        report.passed.append(vector.id)
        return
    drawn = vector.ids if vector.text is None else vector.text
    ids, decoded = got[vector.id]
    message = f"{vector.comment}: {drawn!r}"
    if ids != vector.ids:
        message += f"\n    encode: expected {vector.ids}, got {ids}"
    if decoded != vector.decoded:
        message += f"\n    decode of {vector.ids}: expected {vector.decoded!r}, got {decoded!r}"
    report.failures.append(Failure(vector.id, drawn, message))


def check_property(each: Property, port: Port, reference: GPTNeoXJapaneseTokenizer,
                   examples: int, report: Report) -> None:
    """Enters a property as passed, failed with the smallest example found, or skipped."""
    last: Any = None

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True,
              report_multiple_bugs=False, suppress_health_check=list(HealthCheck),
              phases=[Phase.generate, Phase.shrink])
    @given(each.draw(reference.vocabulary))
    def check(drawn: Any) -> None:
        nonlocal last
        last = drawn
        each.check(port, reference, drawn)

    try:
        check()
    except Skipped as reason:
        report.skipped[each.name] = str(reason)
    except (AssertionError, PortError, Flaky) as error:
        report.failures.append(Failure(each.name, last, message_of(each, last, error)))
    else:
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
    record, reference = read_json(path), load_tokenizer(folder, profile)
    for name, expected in (("suite", VERSION), ("profile", profile),
                           ("vocabulary", sha256(reference))):
        if record.get(name) != expected:
            raise ValueError(f"{path}: {name} is {record.get(name)}, expected {expected}")
    vectors = {vector.id: vector for vector in load_vectors(folder, profile)}
    report, got = Report(), Answers()
    for failure in record["failures"]:
        if failure["name"] in vectors:
            check_vector(vectors[failure["name"]], port, report, got)
        else:
            check_example(PROPERTIES[failure["name"]], failure["drawn"], port, reference, report)
    return report


def check_example(each: Property, drawn: Any, port: Port, reference: GPTNeoXJapaneseTokenizer,
                  report: Report) -> None:
    """A property on one example."""
    try:
        each.check(port, reference, drawn)
    except Skipped as reason:
        report.skipped[each.name] = str(reason)
    except (AssertionError, PortError) as error:
        report.failures.append(Failure(each.name, drawn, message_of(each, drawn, error)))
    else:
        report.passed.append(each.name)
