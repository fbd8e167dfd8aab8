"""neoxja encode: a corpus as a file of token ids."""

import argparse
import sys

from neoxja_np.cli.options import Verbs, add_model, add_verb, load_tokenizer, number
from neoxja_np.tokenizer.corpus import encode_corpus, id_dtype


def add_to(verbs: Verbs) -> None:
    """The verb and its options."""
    verb = add_verb(verbs, "encode", run,
                    "Write the token ids of text files, one file after the other and an end token "
                    "behind each, for numpy.load with mmap_mode='r': uint16, or uint32 where the "
                    "vocabulary has more than 65,536 rows. Tags that stand in the text, such as "
                    "<|endoftext|> between two texts of one file, become their tokens.")
    verb.add_argument("files", metavar="FILES", nargs="+", help="the texts, in UTF-8")
    verb.add_argument("-o", "--output", metavar="IDS.npy", required=True,
                      help="the file to write, in a folder that exists; it appears, or replaces "
                           "an older one, when it is complete")
    verb.add_argument("--workers", metavar="N", default=1,
                      type=number(int, "a whole number above 0", lambda n: n > 0),
                      help="how many processes share the work; the file is the same for any "
                           "number (default: 1)")
    add_model(verb)


def run(options: argparse.Namespace) -> None:
    """Writes the file and says, on stderr, what it has."""
    tokenizer = load_tokenizer(options)
    tokens, characters = encode_corpus(options.files, options.output, tokenizer,
                                       workers=options.workers)
    print(f"{options.output}: {tokens:,} tokens as {id_dtype(tokenizer).name}, "
          f"{characters / tokens:.2f} characters per token", file=sys.stderr)
