"""neoxja tokenize: the tokens of a text."""

import argparse
import json
import os
import shutil
import sys
from dataclasses import asdict

from neoxja_np.cli.options import Verbs, add_model, add_verb, load_tokenizer
from neoxja_np.views import TokenView


def add_to(verbs: Verbs) -> None:
    """The verb and its options."""
    verb = add_verb(verbs, "tokenize", run,
                    "Show the tokens of a text: in a terminal coloured pieces above their ids (set "
                    "NO_COLOR for bars instead), elsewhere one a line: id, tab, token.")
    verb.add_argument("text", metavar="TEXT",
                      help="the text, behind -- if it begins with a hyphen; - alone reads standard "
                           "input")
    verb.add_argument("--json", action="store_true",
                      help="one JSON object: text, profile, ids, tokens, offsets; with --explain "
                           "the choices too")
    verb.add_argument("--explain", action="store_true",
                      help="at each place what matched, what was taken and why")
    add_model(verb)


def run(options: argparse.Namespace) -> None:
    """Prints the tokens in the form that was asked for."""
    tokenizer = load_tokenizer(options)
    text = read_standard_input() if options.text == "-" else options.text
    choices = tokenizer.explain(text)
    if options.json:
        record = {
            "text": text, "profile": tokenizer.profile.name,
            "ids": [i for choice in choices for i in choice.ids],
            "tokens": [token for choice in choices for token in choice.tokens],
            "offsets": [[choice.start, choice.end] for choice in choices for _ in choice.ids],
        }
        if options.explain:
            record["choices"] = [asdict(choice) for choice in choices]
        print(json.dumps(record, ensure_ascii=False))
    elif options.explain:
        print(choices)
    elif sys.stdout.isatty():
        print(TokenView(choices).to_text(columns=shutil.get_terminal_size().columns,
                                         colored=not os.environ.get("NO_COLOR")
                                         and os.environ.get("TERM") != "dumb"))
    else:
        for choice in choices:
            for token, i in zip(choice.tokens, choice.ids, strict=True):
                print(f"{i}\t{token}")


def read_standard_input() -> str:
    """All of it, line ends as they are. Raises ValueError for what is no UTF-8."""
    if sys.stdin is None:
        raise ValueError("standard input is closed")
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError("standard input is not UTF-8: byte "
                         f"{error.object[error.start]:#04x} at {error.start}") from None
