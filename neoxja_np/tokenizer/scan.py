"""split_subwords() for long texts: NumPy finds the winner of every place, one walk takes its pick.

subword.py is the specification; this is tested equal to it.
"""

from collections.abc import Mapping
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
    single = np.full(0x110000, NOTHING, np.int32)
    plain: list[dict[int, int]] = [{} for _ in range(PLAIN_LENGTH)]
    tags = {}
    for surface, token_id in vocabulary.ids.items():
        if is_tag(surface):
            tags[surface] = token_id
        elif 0 < len(surface) <= PLAIN_LENGTH:
            plain[len(surface) - 1][key_of(surface)] = token_id
    single[list(plain[0])] = list(plain[0].values())
    longer = [np.array(sorted(table.items()), np.int64).reshape(-1, 2) for table in plain[1:]]
    return ScanTables(
        single=single, keys=tuple(np.ascontiguousarray(table[:, 0]) for table in longer),
        ids=tuple(table[:, 1].astype(np.int32) for table in longer), tags=tags,
        tag_lengths=tuple(sorted({len(tag) for tag in tags}, reverse=True)))


def key_of(surface: str) -> int:
    """The code points of a surface, side by side in one number."""
    key = 0
    for character in surface:
        key = key << BITS | ord(character)
    return key


def winners(codes: IntArray, tables: ScanTables) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """codes [n + 2], the last two those behind -> ids [n], lengths [n] of what wins at each place.

    Plain surfaces alone, from each length up: of one id, the longest wins.
    """
    first = codes[:-2]
    ids, lengths = tables.single[first], np.ones(len(first), np.int8)
    key = first
    for more, (known, theirs) in enumerate(zip(tables.keys, tables.ids, strict=True), start=1):
        key = key << BITS | codes[more:len(codes) - 2 + more]
        if len(known):
            place = np.minimum(np.searchsorted(known, key), len(known) - 1)
            better = (known[place] == key) & (theirs[place] <= ids)
            ids[better], lengths[better] = theirs[place[better]], more + 1
    return ids, lengths


def scan(text: str, tables: ScanTables, vocabulary: Vocabulary, unknown: int) -> IntArray:
    """The ids of split_subwords(text, vocabulary); `unknown` for a fallback that has no row."""
    characters = np.frombuffer(text.encode("utf-32-le"), "<u4")
    codes = np.append(characters, np.array([END, END], np.uint32))
    ids, lengths = np.empty(len(text), np.int32), np.empty(len(text), np.int16)
    for start in range(0, len(text), BLOCK):
        block = slice(start, min(start + BLOCK, len(text)))
        ids[block], lengths[block] = winners(
            codes[start:block.stop + 2].astype(np.int64), tables)
    for start in np.flatnonzero(codes == ord("<")).tolist():
        for length in tables.tag_lengths:
            if (tag := text[start:start + length]) in tables.tags:
                ids[start], lengths[start] = tables.tags[tag], len(tag)
                break
    chosen = walk(lengths)
    return with_fallbacks(ids[chosen].astype(np.int64), codes[chosen], vocabulary, unknown)


def walk(lengths: NDArray[np.int16]) -> IntArray:
    """lengths [n] of what wins at each place -> the places that a reading from 0 comes to."""
    visited, place = [np.empty(0, np.int64)], 0
    for start in range(0, len(lengths), BLOCK):
        block = lengths[start:start + BLOCK]
        following = (np.arange(len(block)) + block).tolist()
        places = []
        while place < len(following):
            places.append(place)
            place = following[place]
        visited.append(np.array(places, np.int64) + start)
        place -= len(following)
    return np.concatenate(visited)


def with_fallbacks(ids: IntArray, codes: NDArray[np.uint32], vocabulary: Vocabulary,
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
