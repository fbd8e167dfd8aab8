"""A vocabulary from a corpus, by the rules that this tokenizer reads it with.

Rows are single characters, so many that few are left to be spelled in bytes, and runs of one
script, up to three kana or two kanji, the most frequent ones. The longer stand first, and of a
length the more frequent: as the lowest id wins, the longest match wins, and every row is what its
own text encodes to. (In the vocabulary of Japanese-BPEEncoder_V2, ordered by frequency alone,
10,684 of 32,000 rows lose to their own beginnings.)
Both profiles read it alike: there is no row for a comma, which becomes its byte.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

from neoxja_np.tokenizer.emoji import EmojiIndex, index_emoji, normalize_at_once
from neoxja_np.tokenizer.variants import FOLDED, VARIANTS
from neoxja_np.writing import write_files, write_json

RUNS = (  # scripts, and the most characters of a row
    (re.compile("[ぁ-ゖ][ぁ-ゖー]+"), 3), (re.compile("[ァ-ヺ][ァ-ヺー]+"), 3),
    (re.compile("[㐀-鿿々]{2,}"), 2),
)
EMOJI_BLOCKS = (  # first and last code point of a kind, and the emoji that its tag decodes to
    (0x1F300, 0x1F32C, "🌈"), (0x1F32D, 0x1F37F, "🌸"), (0x1F380, 0x1F3FF, "🎉"),
    (0x1F400, 0x1F43F, "🐱"), (0x1F440, 0x1F487, "👤"), (0x1F488, 0x1F4FF, "💡"),
    (0x1F500, 0x1F5FF, "🔔"), (0x1F600, 0x1F64F, "😀"), (0x1F680, 0x1F6FF, "🚗"),
    (0x1F900, 0x1F97F, "🤝"), (0x1F980, 0x1F9FF, "🦊"), (0x1FA70, 0x1FAFF, "🪁"),
)
TAGS = (
    *("<BR>", "<SP>", "<TAB>", "<URL>", "<EMAIL>", "<TEL>", "<DATE>", "<PRICE>", "<BLOCK>",
      "<KIGOU>", "<U2000U2BFF>"),
    *(f"<|emoji{kind}|>" for kind in range(1, len(EMOJI_BLOCKS) + 1)),
    *(f"<|byte{byte}|>" for byte in range(256)),
    "<|startoftext|>", "<|endoftext|>",
)
ALWAYS = "".join(map(chr, (*range(0x21, 0x7F), *range(0x3041, 0x3097), *range(0x30A1, 0x30FB))))
CHARACTERS = set(ALWAYS + "ー、。「」・") - {","}
LEAST = len(CHARACTERS) + len(TAGS)  # rows
COVERAGE = 0.9995  # of a text's characters, to have rows before any run has; as in SentencePiece
ANY_TAG = re.compile("|".join(map(re.escape, TAGS)))
FOLD = str.maketrans(FOLDED)


def learn_rows(texts: Iterable[str], size: int) -> list[list[str]]:
    """The rows of a vocabulary: by id, the surfaces of each, the first form before its variants.

    texts: lines, or other parts between which nothing is counted. The same texts, in any order,
    give the same rows under one version of Python, whose Unicode says what can be printed.
    Raises ValueError where the size cannot be had, TypeError for a single text.
    """
    if isinstance(texts, str):
        raise TypeError("texts must be lines or other parts, got one str: give [text]")
    if size < LEAST:
        raise ValueError(f"a vocabulary has at least {LEAST} rows, for kana, ASCII, tags and "
                         f"bytes; got {size}")
    counts = count_surfaces(texts)
    for character in CHARACTERS:
        counts[character] += 0
    by_frequency = sorted(counts, key=lambda surface: (-counts[surface], surface))
    first = CHARACTERS.union(most_characters(by_frequency, counts))
    ranked = sorted(by_frequency, key=lambda each: (each not in CHARACTERS, each not in first))
    chosen = set(ranked[:size - len(TAGS)])
    if len(chosen) + len(TAGS) < size:
        raise ValueError(f"the corpus has characters and runs for {len(chosen) + len(TAGS)} rows, "
                         f"fewer than {size}; give more text, of more kinds, or a smaller size")
    surfaces = sorted((each for each in by_frequency if each in chosen), key=len, reverse=True)
    return [*map(with_variants, surfaces), *([tag] for tag in TAGS)]


def most_characters(by_frequency: Iterable[str], counts: Counter[str]) -> Iterator[str]:
    """The most frequent characters, until they are COVERAGE of all that were counted."""
    characters = [surface for surface in by_frequency if len(surface) == 1]
    left = COVERAGE * sum(counts[character] for character in characters)
    for character in characters:
        if left <= 0:
            return
        left -= counts[character]
        yield character


def count_surfaces(texts: Iterable[str]) -> Counter[str]:
    """How often each character, and each run or part of one, stands in some texts."""
    index, counts = index_emoji(emoji_map()), Counter[str]()
    runs = {script: Counter[str]() for script, _ in RUNS}
    for text in texts:
        for part in plain_parts(text, index):
            counts.update(filter(str.isprintable, part))
            for script, found in runs.items():
                found.update(script.findall(part))
    for script, most in RUNS:
        for run, times in runs[script].items():
            for part in parts_of(run, most):
                counts[part] += times
    del counts[","]  # it has no row
    return counts


def plain_parts(text: str, index: EmojiIndex) -> list[str]:
    """What is left of a text between tags, variants as their first form."""
    return ANY_TAG.split(normalize_at_once(text, index).translate(FOLD))


def parts_of(run: str, most: int) -> Iterator[str]:
    """Every part of a run that has from two to `most` characters."""
    for length in range(2, most + 1):
        for start in range(len(run) - length + 1):
            yield run[start:start + length]


def with_variants(surface: str) -> list[str]:
    """A surface, then all that differ from it in variants of its characters."""
    forms = ([character, *VARIANTS.get(character, [])] for character in surface)
    return ["".join(each) for each in product(*forms)]


def emoji_map() -> dict[str, str]:
    """From each code point of the blocks, whether Unicode uses it yet or not, to its kind's tag."""
    return {chr(code): f"<|emoji{kind}|>"
            for kind, (first, last, _) in enumerate(EMOJI_BLOCKS, start=1)
            for code in range(first, last + 1)}


def emoji_inverse() -> dict[str, str]:
    """From each kind's tag to its emoji."""
    return {f"<|emoji{kind}|>": emoji for kind, (_, _, emoji) in enumerate(EMOJI_BLOCKS, start=1)}


def save_vocabulary(folder: Path, rows: list[list[str]]) -> None:
    """Writes vocab.txt, emoji.json and tokenizer_config.json, all or none."""
    config = {"profile": "original", "tokenizer_class": "GPTNeoXJapaneseTokenizer"}
    emoji = {"emoji": emoji_map(), "emoji_inv": emoji_inverse()}
    vocabulary = "".join(",".join(row) + "\n" for row in rows)
    write_files(folder, {
        "vocab.txt": lambda path: path.write_text(vocabulary, "utf-8", newline=""),
        "emoji.json": lambda path: write_json(path, emoji),
        "tokenizer_config.json": lambda path: write_json(path, config)})
