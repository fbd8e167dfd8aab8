"""The command neoxja: results to stdout, messages and progress to stderr.

Exit status 0, 1 (could not), 2 (usage), and those of neoxja_np.oracle.codes.
"""

import argparse
import io
import os
import signal
import sys
import threading
from collections.abc import Sequence
from importlib.metadata import version

from neoxja_np.cli import (
    compare,
    conform,
    convert,
    course,
    diagnose,
    encode,
    explain,
    fixtures,
    generate,
    inspect,
    replay,
    selftest,
    tokenize,
    trace,
    train,
    verify,
    vocabulary,
)


def parser() -> argparse.ArgumentParser:
    """The command's grammar: one verb a file of this folder."""
    top = argparse.ArgumentParser(prog="neoxja", description="GPT-NeoX-Japanese in NumPy.",
                                  epilog="Text goes in and out as UTF-8, whatever the system says. "
                                         "Example: neoxja generate 昔々 --sample --seed 3")
    top.add_argument("--version", action="version", version=f"neoxja-np {version('neoxja-np')}")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in (generate, tokenize, encode, vocabulary, train, inspect, convert, verify, course,
                 trace, compare, diagnose, replay, fixtures, conform, selftest, explain):
        verb.add_to(verbs)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    prepare_streams()
    end_as_by_ctrl_c()
    try:
        options = parser().parse_args(sys.argv[1:] if arguments is None else arguments)
        code = options.run(options)
        sys.stdout.flush()
        return code or 0
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt as stop:
        print(*stop.args, file=sys.stderr)
        return 130
    except (OSError, TypeError, ValueError) as error:
        return fail(str(error))
    except MemoryError as error:
        return fail(f"not enough memory ({error}); `neoxja inspect FOLDER` says what a model takes")
    return 0


def end_as_by_ctrl_c() -> None:
    """Being told to end, or a closed terminal, tidies up as Ctrl-C does: no half file is left."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if (number and threading.current_thread() is threading.main_thread()
                and signal.getsignal(number) is signal.SIG_DFL):
            signal.signal(number, signal.default_int_handler)


def fail(message: str) -> int:
    """Says why, and returns the exit code for it."""
    print(f"neoxja: {message}", file=sys.stderr)
    return 1


def prepare_streams() -> None:
    """UTF-8 in and out, whatever the system's code page is; a closed stream swallows all."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - to the end
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if os.name == "posix":
        sys.argv = [os.fsencode(word).decode("utf-8", "surrogateescape") for word in sys.argv]
