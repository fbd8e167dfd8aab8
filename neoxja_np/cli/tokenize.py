"""neoxja tokenize: the tokens of a text."""

import argparse

from neoxja_np.cli.options import Verbs, add_model, add_verb
from neoxja_np.tokenizer.pretrained import GPTNeoXJapaneseTokenizer


def add_to(verbs: Verbs) -> None:
    """The verb and its options."""
    verb = add_verb(
        verbs, "tokenize", run, "Print the tokens of a text, one a line: id, tab, token."
    )
    verb.add_argument("text", metavar="TEXT")
    add_model(verb)


def run(options: argparse.Namespace) -> None:
    """Prints id and surface of each token."""
    profile = {} if options.profile is None else {"profile": options.profile}
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained(options.model, **profile)
    for token in tokenizer.tokenize(options.text):
        print(f"{tokenizer.convert_tokens_to_ids(token)}\t{token}")
