"""What is tested: a Python object, or a program that speaks JSON lines."""

import base64
import importlib
import inspect
import operator
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from neoxja_np.oracle.program import PortError, Program, ProtocolError, Skipped


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
        self._program = Program(command)
        try:
            answer = self._program.start({
                "profile": profile, "vocab_file": str((folder / "vocab.txt").resolve()),
                "emoji_file": str((folder / "emoji.json").resolve())})
        except PortError as error:
            self._program.close()
            raise ProtocolError(f"the program failed at start: {error}") from error
        except Skipped:
            self._program.close()
            raise
        self.streams = answer.get("streams") is True

    def encode(self, text: str) -> list[int]:
        """Asks tok.encode."""
        answer = self._program.ask({"op": "tok.encode", "text": to_base64(text)})
        ids = answer.get("ids")
        if not isinstance(ids, list) or not all(type(i) is int for i in ids):
            raise ProtocolError(f'tok.encode: expected {{"ids": [whole numbers]}}, got {answer}')
        return ids

    def decode(self, ids: list[int]) -> str:
        """Asks tok.decode."""
        answer = self._program.ask({"op": "tok.decode", "ids": ids})
        return from_base64(answer.get("text"), "tok.decode")

    def stream(self, ids: list[int]) -> list[str]:
        """Asks tok.stream."""
        answer = self._program.ask({"op": "tok.stream", "ids": ids})
        texts = answer.get("texts")
        if not isinstance(texts, list):
            raise ProtocolError('tok.stream: expected {"texts": [base64 of UTF-8]}, got '
                                f"{answer}")
        return [from_base64(text, "tok.stream") for text in texts]

    def close(self) -> None:
        """Asks it to stop, and ends it where it does not."""
        self._program.close()


def from_base64(text: Any, op: str) -> str:
    """The text of an answer. Raises ProtocolError for what is none."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (TypeError, ValueError) as error:
        raise ProtocolError(f"{op}: expected base64 of UTF-8, got {text!r}: {error}") from None


def to_base64(text: str) -> str:
    """UTF-8 in base64, which no shell, console or JSON library changes on its way."""
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
