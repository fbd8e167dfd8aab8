"""What is tested: a Python object, or a program that speaks JSON lines."""

import base64
import importlib
import inspect
import json
import operator
import shlex
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Protocol

PROTOCOL = 1
TIMEOUT = 60.0  # seconds for one answer


class Skipped(Exception):  # noqa: N818 - it is no error
    """The port says that it does not do this, and why."""


class ProtocolError(Exception):
    """The port's answer is none, or does not come."""


class PortError(Exception):
    """The port says that it failed."""


class Port(Protocol):
    """A tokenizer under test."""

    streams: bool  # whether it has stream()

    def encode(self, text: str) -> list[int]:
        """The ids of a text."""

    def decode(self, ids: list[int]) -> str:
        """The text of some ids."""

    def stream(self, ids: list[int]) -> list[str]:
        """What each id completes, and at last what flushing gives."""

    def close(self) -> None:
        """Ends it."""


class ObjectPort:
    """A Python tokenizer: anything with encode(text) and decode(ids).

    NotImplementedError means that it does not do this, any other error that it failed.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.streams = hasattr(tokenizer, "stream_decoder")

    def encode(self, text: str) -> list[int]:
        """As list of int, whatever sequence of whole numbers the tokenizer returns."""
        with port_errors():
            return [operator.index(i) for i in self._tokenizer.encode(text)]

    def decode(self, ids: list[int]) -> str:
        """As the tokenizer says."""
        with port_errors():
            return checked_text(self._tokenizer.decode(ids))

    def stream(self, ids: list[int]) -> list[str]:
        """By the tokenizer's stream_decoder(), with push(id) and flush()."""
        with port_errors():
            decoder = self._tokenizer.stream_decoder()
            return [*(checked_text(decoder.push(i)) for i in ids), checked_text(decoder.flush())]

    def close(self) -> None:
        """Nothing to do."""


def checked_text(text: Any) -> str:
    """The text. Raises TypeError for anything else."""
    if not isinstance(text, str):
        raise TypeError(f"expected a str, got {text!r}")
    return text


@contextmanager
def port_errors() -> Iterator[None]:
    """A Python tokenizer's own errors as a port's."""
    try:
        yield
    except NotImplementedError as error:
        raise Skipped(str(error) or "not implemented") from error
    except (Exception, SystemExit) as error:
        raise PortError(f"{type(error).__name__}: {error}") from error


def load_object(name: str, folder: Path, profile: str) -> ObjectPort:
    """`module:object`: a tokenizer, or a class or function that makes one.

    It is called with the paths of vocab.txt and emoji.json, and with `profile` where it takes one.
    Raises ValueError for a name that is none.
    """
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"{name!r} cannot be had: {error}; expected module:object, such as "
                         "mine:Tokenizer, of a module that Python finds") from error
    if isinstance(found, type) or not hasattr(found, "encode"):
        takes_profile = "profile" in inspect.signature(found).parameters
        found = found(str(folder / "vocab.txt"), str(folder / "emoji.json"),
                      **({"profile": profile} if takes_profile else {}))
    return ObjectPort(found)


class ProgramPort:
    """A program that answers JSON lines on standard output; the protocol is in docs/suite.md.

    Raises ProtocolError where it does not, Skipped where it says that it does not do this.
    """

    def __init__(self, command: str, folder: Path, profile: str) -> None:
        try:
            self._program = subprocess.Popen(
                shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except (OSError, IndexError) as error:
            raise ProtocolError(f"{command!r} could not be started: {error}") from error
        self.streams = False
        self._broken = ""
        self._lines: Queue[bytes] = Queue()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            answer = self._ask({"op": "start", "protocol": PROTOCOL, "profile": profile,
                                "vocab_file": str((folder / "vocab.txt").resolve()),
                                "emoji_file": str((folder / "emoji.json").resolve())})
            if answer.get("ok") is not True:
                raise ProtocolError(f'start: expected {{"ok": true}}, got {answer}')
            self.streams = answer.get("streams") is True
        except PortError as error:
            self._end()
            raise ProtocolError(f"the program failed at start: {error}") from error
        except BaseException:
            self._end()
            raise

    def encode(self, text: str) -> list[int]:
        """Asks tok.encode."""
        answer = self._ask({"op": "tok.encode", "text": to_base64(text)})
        ids = answer.get("ids")
        if not isinstance(ids, list) or not all(type(i) is int for i in ids):
            raise ProtocolError(f'tok.encode: expected {{"ids": [whole numbers]}}, got {answer}')
        return ids

    def decode(self, ids: list[int]) -> str:
        """Asks tok.decode."""
        return from_base64(self._ask({"op": "tok.decode", "ids": ids}).get("text"), "tok.decode")

    def stream(self, ids: list[int]) -> list[str]:
        """Asks tok.stream."""
        answer = self._ask({"op": "tok.stream", "ids": ids})
        texts = answer.get("texts")
        if not isinstance(texts, list):
            raise ProtocolError('tok.stream: expected {"texts": [base64 of UTF-8]}, got '
                                f"{answer}")
        return [from_base64(text, "tok.stream") for text in texts]

    def close(self) -> None:
        """Asks it to stop, and ends it where it does not."""
        with suppress(ProtocolError, PortError, Skipped):
            self._ask({"op": "stop"})
        assert self._program.stdin
        with suppress(BrokenPipeError, subprocess.TimeoutExpired):
            self._program.stdin.close()
            self._program.wait(5)
        self._end()

    def _end(self) -> None:
        """Ends the program, whatever it is doing."""
        self._program.kill()
        self._program.wait()
        assert self._program.stdin
        with suppress(BrokenPipeError):
            self._program.stdin.close()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """One line there, one line back."""
        op = question["op"]
        assert self._program.stdin
        if self._broken:
            raise ProtocolError(self._broken)
        try:
            return self._answer(op, question)
        except ProtocolError as error:
            self._broken = str(error)  # a late answer would be taken for that to the next question
            self._end()
            raise

    def _answer(self, op: str, question: dict[str, Any]) -> dict[str, Any]:
        """The line that comes back."""
        assert self._program.stdin
        try:
            self._program.stdin.write(json.dumps(question).encode() + b"\n")
            self._program.stdin.flush()
            line = self._lines.get(timeout=TIMEOUT)
        except Empty:
            raise ProtocolError(f"{op}: no answer within {TIMEOUT:.0f} s") from None
        except (OSError, ValueError):
            line = b""
        if not line:
            with suppress(subprocess.TimeoutExpired):
                self._program.wait(5)
            raise ProtocolError(f"the program ended before it answered {op}; "
                                f"exit code {self._program.returncode}")
        return read_answer(op, line)

    def _read(self) -> None:
        """Line after line into the queue, an empty one at the end; in a thread of its own."""
        assert self._program.stdout
        with self._program.stdout as lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put(b"")


def read_answer(op: str, line: bytes) -> dict[str, Any]:
    """The object in a program's line. Raises ProtocolError, Skipped, PortError."""
    try:
        answer = json.loads(line)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ProtocolError(f"{op}: expected a JSON object on a line, got {line[:200]!r}")
    for key, kind in (("skipped", Skipped), ("errored", PortError)):
        if key in answer:
            raise kind(str(answer[key]).encode("utf-8", "replace").decode("utf-8"))
    return answer


def from_base64(text: Any, op: str) -> str:
    """The text of an answer. Raises ProtocolError for what is none."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (TypeError, ValueError) as error:
        raise ProtocolError(f"{op}: expected base64 of UTF-8, got {text!r}: {error}") from None


def to_base64(text: str) -> str:
    """UTF-8 in base64, which no shell, console or JSON library changes on its way."""
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
