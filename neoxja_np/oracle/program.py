"""A program under test: it is asked by JSON lines, one line there and one back."""

import json
import shlex
import subprocess
import threading
from contextlib import suppress
from queue import Empty, Queue
from typing import Any

PROTOCOL = 1
TIMEOUT = 60.0  # seconds for one answer


class Skipped(Exception):  # noqa: N818 - it is no error
    """The port says that it does not do this, and why."""


class ProtocolError(Exception):
    """The port's answer is none, or does not come."""


class PortError(Exception):
    """The port says that it failed."""


class Program:
    """A running program.

    Each question raises ProtocolError where it gives no right answer, Skipped where it says that
    it does not do this, PortError where it says that it failed.
    """

    def __init__(self, command: str) -> None:
        try:
            self._process = subprocess.Popen(
                shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except (OSError, IndexError, ValueError) as error:
            raise ProtocolError(f"{command!r} could not be started: {error}") from error
        self._broken = ""
        self._lines: Queue[bytes] = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def start(self, about: dict[str, Any]) -> dict[str, Any]:
        """The answer to start, which may come again; the program is ended where it is not right."""
        try:
            answer = self.ask({"op": "start", "protocol": PROTOCOL, **about})
            if answer.get("ok") is not True:
                raise ProtocolError(f'start: expected {{"ok": true}}, got {answer}')
            return answer
        except (PortError, Skipped):
            raise
        except BaseException:
            self._end()
            raise

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """One line there, one line back."""
        op = question["op"]
        if self._broken:
            raise ProtocolError(self._broken)
        try:
            return self._answer(op, question)
        except ProtocolError as error:
            self._broken = str(error)  # a late answer would be taken for that to the next question
            self._end()
            raise

    def close(self) -> None:
        """Asks it to stop, and ends it where it does not."""
        with suppress(ProtocolError, PortError, Skipped):
            self.ask({"op": "stop"})
        assert self._process.stdin
        with suppress(BrokenPipeError, subprocess.TimeoutExpired):
            self._process.stdin.close()
            self._process.wait(5)
        self._end()

    def _end(self) -> None:
        """Ends the program, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdin
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def _answer(self, op: str, question: dict[str, Any]) -> dict[str, Any]:
        """The line that comes back."""
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
            line = self._lines.get(timeout=TIMEOUT)
        except Empty:
            raise ProtocolError(f"{op}: no answer within {TIMEOUT:.0f} s") from None
        except (OSError, ValueError):
            line = b""
        if not line:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
            raise ProtocolError(f"the program ended before it answered {op}; "
                                f"exit code {self._process.returncode}")
        return read_answer(op, line)

    def _read(self) -> None:
        """Line after line into the queue, an empty one at the end; in a thread of its own."""
        assert self._process.stdout
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put(b"")


def read_answer(op: str, line: bytes) -> dict[str, Any]:
    """The object in a program's line. Raises ProtocolError, Skipped, PortError."""
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise ProtocolError(f"{op}: expected a JSON object on a line, got {line[:200]!r}")
    for key, kind in (("skipped", Skipped), ("errored", PortError)):
        if key in answer:
            raise kind(str(answer[key]).encode("utf-8", "replace").decode("utf-8"))
    return answer
