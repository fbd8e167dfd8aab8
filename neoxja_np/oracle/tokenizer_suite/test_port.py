"""The suite under pytest, on the tokenizer that a setting in the environment names.

    NEOXJA_TOKENIZER=module:object pytest --pyargs neoxja_np.oracle.tokenizer_suite
    NEOXJA_TOKENIZER_CMD='./mine' pytest --pyargs neoxja_np.oracle.tokenizer_suite

NEOXJA_PROFILE: hf (if not set) or original. NEOXJA_VOCABULARY: a folder with vocab.txt and
emoji.json; if not set, the small vocabulary. NEOXJA_FAILURES: where failures are written.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from neoxja_np.oracle import codes
from neoxja_np.oracle.program import ProtocolError
from neoxja_np.oracle.tokenizer_suite import conform
from neoxja_np.oracle.tokenizer_suite.naming import Answers, name_mistake
from neoxja_np.oracle.tokenizer_suite.ports import (
    Port,
    ProgramPort,
    load_object,
)
from neoxja_np.oracle.tokenizer_suite.properties import PROPERTIES
from neoxja_np.oracle.tokenizer_suite.vectors import SMALL, Vector, load_tokenizer, load_vectors

OBJECT, COMMAND = os.environ.get("NEOXJA_TOKENIZER"), os.environ.get("NEOXJA_TOKENIZER_CMD")
PROFILE = os.environ.get("NEOXJA_PROFILE", "hf")
FOLDER = Path(os.environ.get("NEOXJA_VOCABULARY", SMALL))
FAILURES = Path(os.environ.get("NEOXJA_FAILURES", "neoxja-failures.json"))
VECTORS = load_vectors(FOLDER, PROFILE)
CHOSEN = [each for each in PROPERTIES.values() if PROFILE in each.profiles]


@dataclass
class Session:
    """What has been found so far."""

    port: Port
    report: conform.Report = field(default_factory=conform.Report)
    got: Answers = field(default_factory=dict)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Skips what comes after the port has left the protocol."""
        if self.report.broken:
            pytest.skip(f"the port does not answer any more: {self.report.broken}")
        try:
            yield
        except ProtocolError as error:
            self.report.broken = str(error)

    def judge(self, name: str) -> None:
        """Skips or fails the test of a vector or a property as the report says."""
        if name in self.report.skipped:
            pytest.skip(self.report.skipped[name])
        for failure in self.report.failures:
            if failure.name == name:
                pytest.fail(failure.message, pytrace=False)


@pytest.fixture(scope="session")
def session() -> Iterator[Session]:
    """The port under test; failures are written when all is done."""
    if not (OBJECT or COMMAND):
        pytest.skip("no tokenizer to test: set NEOXJA_TOKENIZER or NEOXJA_TOKENIZER_CMD")
    sys.path.insert(0, os.getcwd())
    try:
        port: Port = (load_object(OBJECT, FOLDER, PROFILE) if OBJECT
                      else ProgramPort(str(COMMAND), FOLDER, PROFILE))
    except (ValueError, ProtocolError) as error:
        pytest.exit(str(error), codes.PROTOCOL_BROKEN)  # once, not for each test
    session = Session(port)
    yield session
    port.close()
    if session.report.failures:
        conform.write_failures(session.report, FAILURES, load_tokenizer(FOLDER, PROFILE))


@pytest.mark.parametrize("vector", VECTORS, ids=[vector.id for vector in VECTORS])
def test_vector(vector: Vector, session: Session) -> None:
    """A text's ids and their text."""
    with session.answering():
        conform.check_vector(vector, session.port, session.report, session.got)
    session.judge(vector.id)


@pytest.mark.parametrize("name", [each.name for each in CHOSEN])
def test_property(name: str, session: Session) -> None:
    """What holds on every text."""
    reference = load_tokenizer(FOLDER, PROFILE)
    with session.answering():
        conform.check_property(PROPERTIES[name], session.port, reference, 300, session.report)
    session.judge(name)


def test_no_known_mistake(session: Session) -> None:
    """Fails with the name of what explains the vectors that failed."""
    answered = [vector for vector in VECTORS if vector.id in session.got]
    verdict = name_mistake(session.got, answered, FOLDER, PROFILE)
    if verdict.kind != "CLEAN":
        pytest.fail(f"{verdict}\nall failures will be in {FAILURES}, for --replay", pytrace=False)
