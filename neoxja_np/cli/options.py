"""Options that several verbs share."""

import argparse
from collections.abc import Callable
from typing import Any

from neoxja_np.tokenizer.pretrained import GPTNeoXJapaneseTokenizer
from neoxja_np.tokenizer.vocabulary import PROFILES

DEFAULT_MODEL = "tiny-ja"
Verbs = Any  # argparse's own type for this is private


def add_verb(verbs: Verbs, name: str, run: Callable[[argparse.Namespace], int | None],
             summary: str) -> argparse.ArgumentParser:
    """A verb's parser, whose options are handed to `run`, which may return an exit code."""
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=summary, description=summary)
    verb.set_defaults(run=run, usage_error=verb.error)
    return verb


def add_group(verbs: Verbs, name: str, summary: str) -> Verbs:
    """The verbs that a verb has of its own."""
    group = verbs.add_parser(name, help=summary, description=summary)
    return group.add_subparsers(dest="kind", required=True, metavar="WHAT")


def add_model(verb: argparse.ArgumentParser) -> None:
    """--model and --profile."""
    verb.add_argument(
        "--model", metavar="FOLDER", default=DEFAULT_MODEL,
        help=f"a model folder (default: {DEFAULT_MODEL}, which travels with this package)")
    verb.add_argument("--profile", choices=list(PROFILES),
                      help="how the tokenizer reads its files (default: as the folder's "
                           "tokenizer_config.json says, else hf)")


def load_tokenizer(options: argparse.Namespace) -> GPTNeoXJapaneseTokenizer:
    """The tokenizer of --model, read by --profile or else as its folder says."""
    profile = {} if options.profile is None else {"profile": options.profile}
    return GPTNeoXJapaneseTokenizer.from_pretrained(options.model, **profile)


def number(kind: type[int] | type[float], expected: str,
           fits: Callable[[float], bool]) -> Callable[[str], float]:
    """A converter for argparse that says which numbers are expected."""

    def convert(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not fits(value):
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
        return value

    return convert
