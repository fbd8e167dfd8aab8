"""normalize() without a pass over the text for each of thousands of emoji.

Keys are replaced one after the other in the file's order, so what an early key takes, a later one
no longer finds. Here all places of all keys are found at once and then given out in that order.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neoxja_np.tokenizer.edits import Edit, apply
from neoxja_np.tokenizer.normalize import REPLACEMENTS, normalize


@dataclass(frozen=True)
class EmojiIndex:
    """The keys of emoji.json, made ready to be found together."""

    emoji: Mapping[str, str]
    rank: dict[str, int]            # of each key: its place in the file's order
    lengths: dict[str, list[int]]   # by first character: the lengths of the keys that begin with it
    begins: NDArray[np.bool_]       # [code points]: whether a key begins with it
    apart: bool                     # no key can meet a tag that another has left, nor join over one


def index_emoji(emoji: Mapping[str, str]) -> EmojiIndex:
    """The index of a map from keys to tags."""
    lengths: dict[str, set[int]] = {}
    for key in emoji:
        lengths.setdefault(key[:1], set()).add(len(key))
    tags = set(emoji.values())
    in_tags = set("".join(tags))
    pairs = [(key, tag) for key in emoji if not in_tags.isdisjoint(key) for tag in tags]
    begins = np.zeros(sys.maxunicode + 1, np.bool_)
    begins[[ord(first) for first in lengths if first]] = True
    return EmojiIndex(
        emoji=emoji, begins=begins, rank={key: i for i, key in enumerate(emoji)},
        lengths={first: sorted(found) for first, found in lengths.items()},
        apart="" not in emoji and "" not in tags and not any(meets(*pair) for pair in pairs))


def meets(key: str, tag: str) -> bool:
    """Whether a key could be found partly inside a tag: within it, around it, or over an edge."""
    overlaps = range(1, min(len(key), len(tag)))
    return key in tag or tag in key or any(
        key.endswith(tag[:n]) or key.startswith(tag[-n:]) for n in overlaps)


def places(text: str, index: EmojiIndex) -> list[tuple[int, int, str]]:
    """Rank, start and key of every key at every place of the text."""
    rank, lengths = index.rank, index.lengths
    codes = np.frombuffer(text.encode("utf-32-le"), "<u4")
    begins = np.flatnonzero(index.begins[codes]).tolist()
    keys = ((start, text[start:start + n]) for start in begins for n in lengths[text[start]])
    return [(rank[key], start, key) for start, key in keys if key in rank]


def find_emoji(text: str, index: EmojiIndex) -> list[Edit]:
    """What replacing every key would do, all places together; the index must be `apart`."""
    taken = bytearray(len(text))
    edits = []
    for _, start, key in sorted(places(text, index)):
        if not any(taken[start:start + len(key)]):
            taken[start:start + len(key)] = b"\1" * len(key)
            edits.append(Edit(start, start + len(key), index.emoji[key]))
    return sorted(edits)


def normalize_at_once(text: str, index: EmojiIndex) -> str:
    """What normalize() gives, in time that grows with the text and not with the number of keys."""
    if not index.apart:
        return normalize(text, index.emoji)
    for old, new in REPLACEMENTS.items():
        text = text.replace(old, new)
    return apply(text, find_emoji(text, index))
