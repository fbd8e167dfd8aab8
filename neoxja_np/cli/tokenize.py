"""neoxja tokenize: the tokens of a text."""

import argparse

from neoxja_np.cli.options import Verbs, add_model, add_verb, load_tokenizer


def add_to(verbs: Verbs) -> None:
    """The verb and its options."""
    verb = add_verb(verbs, "tokenize", run,
                    "Print the tokens of a text, one a line: id, tab, token.")
    verb.add_argument("text", metavar="TEXT")
    add_model(verb)


def run(options: argparse.Namespace) -> None:
    """Prints id and surface of each token."""
    tokenizer = load_tokenizer(options)
    for token in tokenizer.tokenize(options.text):
        print(f"{tokenizer.convert_tokens_to_ids(token)}\t{token}")
