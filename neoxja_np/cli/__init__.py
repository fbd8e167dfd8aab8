"""The command neoxja: results to stdout, messages and progress to stderr.

Exit status 0, 1 (could not), 2 (usage).
"""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from neoxja_np.cli import generate, inspect, tokenize


def parser() -> argparse.ArgumentParser:
    """The command's grammar: one verb a file of this folder."""
    top = argparse.ArgumentParser(prog="neoxja", description="GPT-NeoX-Japanese in NumPy.")
    top.add_argument("--version", action="version", version=f"neoxja-np {version('neoxja-np')}")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in (generate, tokenize, inspect):
        verb.add_to(verbs)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Whatever the system's code page is.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    options = parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    except (OSError, TypeError, ValueError) as error:
        print(f"neoxja: {error}", file=sys.stderr)
        return 1
    return 0
