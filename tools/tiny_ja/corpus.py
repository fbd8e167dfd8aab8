"""The corpus: texts of every kind, mixed, one behind the other in a file.

    python -m tools.tiny_ja.corpus --samples 20                 # a look at it
    python -m tools.tiny_ja.corpus --characters 30000000 -o corpus.txt
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.tiny_ja.draw import Draw, Text
from tools.tiny_ja.lists import list_text
from tools.tiny_ja.meetings import meeting
from tools.tiny_ja.questions import question
from tools.tiny_ja.stories import story
from tools.tiny_ja.stories.events import event_story
from tools.tiny_ja.sums import sum_text
from tools.tiny_ja.topics import topic
from tools.tiny_ja.voices import voice

END = "\n<|endoftext|>"  # behind each text
Kinds = list[tuple[float, Callable[..., Text]]]  # how often, and what makes one
# By characters: events 30 %, stories 15, meetings 5, voices 8, topics 4, questions 5, sums 13, lists 20. A weight is that share by the mean
# length of such a text.
KINDS: Kinds = [(87, event_story), (46, story), (20, meeting), (38, voice), (19, topic), (31, question), (120, sum_text), (131, list_text)]
LISTS: Kinds = [(1, list_text)]


def texts(split: str, *, held_out: bool = False, kinds: Kinds = KINDS) -> Iterator[tuple[Text, float]]:
    """Texts without end, and how many bits of chance went into each. Another split, other texts."""
    number = 0
    while True:
        draw = Draw(f"{split} {number}")
        make = draw.weighted(kinds)
        yield make(draw, held_out=held_out), draw.bits
        number += 1


def write_corpus(path: Path, characters: int, split: str, *, held_out: bool = False, kinds: Kinds = KINDS) -> None:
    """Texts, until there are so many characters, each with END behind it."""
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        for text, _ in texts(split, held_out=held_out, kinds=kinds):
            file.write(text.text + END)
            written += len(text.text)
            if written >= characters:
                return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=0, metavar="N", help="print N texts")
    parser.add_argument("--held-out", action="store_true", help="what training never sees")
    parser.add_argument("--characters", type=int, metavar="N")
    parser.add_argument("--split", default="train", help="texts of another name are other texts")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    for _, (text, _) in zip(range(options.samples), texts(options.split, held_out=options.held_out), strict=False):
        print(f"[{text.kind}] {text.text}\n")
    if options.output:
        write_corpus(options.output, options.characters, options.split, held_out=options.held_out)


if __name__ == "__main__":
    main()
