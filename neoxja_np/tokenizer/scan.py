"""split_subwords() for long texts: NumPy finds the winner of every place, one walk takes its pick.

subword.py is the specification; this is tested equal to it.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neoxja_np.arrays import IntArray
from neoxja_np.tokenizer.subword import PLAIN_LENGTH, fallback, is_tag
from neoxja_np.tokenizer.vocabulary import Vocabulary

END = (1 << 21) - 1               # behind the text: no code point, so in no surface
NOTHING = np.iinfo(np.int32).max  # the id where no surface matches, above every other
BITS = 21                         # of a code point: three fit into one key of 63
BLOCK = 1 << 15                   # places looked at together: their arrays stay in the cache


@dataclass(frozen=True)
class ScanTables:
    """A vocabulary's surfaces as arrays."""

    single: NDArray[np.int32]            # [code points]: the id of each character
    keys: tuple[IntArray, ...]           # of the surfaces of 2, then of 3 characters, sorted
    ids: tuple[NDArray[np.int32], ...]   # theirs
    tags: Mapping[str, int]              # surfaces of more than two characters from a "<"
    tag_lengths: tuple[int, ...]         # the longest first


def build_tables(vocabulary: Vocabulary) -> ScanTables:
    """The tables of a vocabulary."""
    tags = {surface: i for surface, i in vocabulary.ids.items() if is_tag(surface)}
    keys, ids = [], []
    for length in range(1, PLAIN_LENGTH + 1):
        plain = {surface: i for surface, i in vocabulary.ids.items()
                 if len(surface) == length and surface not in tags}
        key = keys_of(plain, length)
        order = np.argsort(key)
        keys.append(key[order])
        ids.append(np.array([*plain.values()], np.int32)[order])
    single = np.full(sys.maxunicode + 1, NOTHING, np.int32)
    single[keys[0]] = ids[0]
    return ScanTables(single=single, keys=tuple(keys[1:]), ids=tuple(ids[1:]), tags=tags,
                      tag_lengths=tuple(sorted({len(tag) for tag in tags}, reverse=True)))


def keys_of(surfaces: Iterable[str], length: int) -> IntArray:
    """The code points of each surface of a length, side by side in one number."""
    codes = np.frombuffer("".join(surfaces).encode("utf-32-le"), "<u4").astype(np.int64)
    key = np.zeros(len(codes) // length, np.int64)
    for column in codes.reshape(-1, length).T:
        key = key << BITS | column
    return key


def scan(text: str, tables: ScanTables, vocabulary: Vocabulary, unknown: int) -> Iterator[IntArray]:
    """The ids of split_subwords(text, vocabulary), a block at a time.

    `unknown` stands for a fallback that has no row.
    """
    place = 0
    for start in range(0, len(text), BLOCK):
        size = min(BLOCK, len(text) - start)
        codes = code_points(text[start:start + size + 2], size + 2)
        ids, lengths = winners(codes, tables)
        for at in np.flatnonzero(codes[:size] == ord("<")).tolist():
            if tag := longest_tag(text, start + at, tables):
                ids[at], lengths[at] = tables.tags[tag], len(tag)
        places, place = walk(lengths, place)
        yield with_fallbacks(ids[places], codes[places], vocabulary, unknown)


def code_points(text: str, size: int) -> IntArray:
    """[size], END where the text is shorter."""
    codes = np.full(size, END, np.int64)
    codes[:len(text)] = np.frombuffer(text.encode("utf-32-le"), "<u4")
    return codes


def winners(codes: IntArray, tables: ScanTables) -> tuple[IntArray, NDArray[np.int16]]:
    """codes [n + 2], the last two those behind -> ids [n], lengths [n] of what wins at each place.

    Plain surfaces alone, from each length up: of one id, the longest wins.
    """
    first = codes[:-2]
    ids, lengths = tables.single[first], np.ones(len(first), np.int16)
    key = first
    for more, (known, theirs) in enumerate(zip(tables.keys, tables.ids, strict=True), start=1):
        key = key << BITS | codes[more:len(codes) - 2 + more]
        if len(known):
            place = np.minimum(np.searchsorted(known, key), len(known) - 1)
            better = (known[place] == key) & (theirs[place] <= ids)
            ids[better], lengths[better] = theirs[place[better]], more + 1
    return ids.astype(np.int64), lengths


def longest_tag(text: str, start: int, tables: ScanTables) -> str:
    """The longest tag that stands at a place; an empty string where none does."""
    return next((tag for length in tables.tag_lengths
                 if (tag := text[start:start + length]) in tables.tags), "")


def walk(lengths: NDArray[np.int16], place: int) -> tuple[IntArray, int]:
    """lengths [n] of what wins at each place -> the places that a reading from `place` comes to.

    And where it goes on in the next n. Four tokens at a step: where one, two and four of them end
    is known for every place.
    """
    size = len(lengths)
    one = np.arange(size + int(lengths.max()))  # behind the end a place leads to itself
    one[:size] += lengths
    two = one[one]
    four, fours = two[two].tolist(), []
    while place < size:
        fours.append(place)
        place = four[place]
    first = np.array(fours, np.int64)
    places = np.stack([first, one[first], two[first], one[two[first]]], axis=1).reshape(-1)
    return places[places < size], place - size


def with_fallbacks(ids: IntArray, codes: IntArray, vocabulary: Vocabulary,
                   unknown: int) -> IntArray:
    """ids [n] with the fallback of its character, one id or several, in place of each NOTHING."""
    empty = np.flatnonzero(ids == NOTHING)
    if not len(empty):
        return ids
    characters, kind = np.unique(codes[empty], return_inverse=True)
    rows = [[vocabulary.ids.get(token, unknown) for token in fallback(chr(code))]
            for code in characters]
    counts = np.ones(len(ids), np.int64)
    counts[empty] = np.array([len(row) for row in rows])[kind]
    out = np.repeat(ids, counts)
    out[out == NOTHING] = np.concatenate([rows[k] for k in kind.tolist()])
    return out
