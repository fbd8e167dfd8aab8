"""neoxja vocabulary: a vocabulary of one's own."""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tqdm import tqdm

from neoxja_np.cli.options import Verbs, add_group, add_verb, number
from neoxja_np.tokenizer.corpus import PIECE_SIZE, check_files, read_pieces
from neoxja_np.tokenizer.learn import LEAST, TAGS, learn_rows, save_vocabulary


def add_to(verbs: Verbs) -> None:
    """The verb and what it does."""
    verb = add_verb(add_group(verbs, "vocabulary", "Make a vocabulary."), "learn", run, (
        "Learn a vocabulary from texts, by the rules that this tokenizer reads it with: single "
        "characters and runs of one script, up to three kana or two kanji, the most frequent ones; "
        "variants (慶應 beside 慶応), tags, bytes and special tokens. Both profiles read it alike. "
        "The same texts always give the same vocabulary."))
    verb.add_argument("corpus", metavar="CORPUS", nargs="+", type=Path, help="the texts, in UTF-8")
    verb.add_argument("--size", metavar="N", required=True,
                      type=number(int, f"a whole number, {LEAST} or more", lambda n: n >= LEAST),
                      help=f"rows, the vocab_size of a model: at least {LEAST}, for kana, ASCII "
                           "without the comma, tags and bytes")
    verb.add_argument("-o", "--output", metavar="FOLDER", required=True, type=Path,
                      help="where vocab.txt, emoji.json and tokenizer_config.json are written; "
                           "those that are there are replaced")


def run(options: argparse.Namespace) -> None:
    """Writes the folder and says, on stderr, what it has."""
    check_files(options.corpus)
    bar: tqdm[Any]
    with tqdm(desc="counting", total=sum(path.stat().st_size for path in options.corpus), unit="B",
              unit_scale=True, disable=None, delay=1) as bar:
        texts = (text for path in options.corpus for text in read_pieces(path, PIECE_SIZE, bar))
        rows = learn_rows(texts, options.size)
    save_vocabulary(options.output, rows)
    lengths = Counter(len(row[0]) for row in rows[:-len(TAGS)])
    kinds = ", ".join(f"{lengths[length]} of {length} characters" for length in (3, 2, 1))
    print(f"{options.output}: {len(rows):,} rows: {kinds}, {len(TAGS)} tags and bytes; "
          f"{sum(map(len, rows)):,} surfaces with variants\n"
          f"to use it: neoxja tokenize --model {options.output} TEXT, and --model in encode; "
          "--tokenizer in train", file=sys.stderr)
