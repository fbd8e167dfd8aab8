"""Sub-word matching: at each place, of the surfaces that match there, the one with the lowest id.

No pair is ever merged, so this is no byte-pair encoding, though its page says so. Ids are by
frequency, hence the lowest id is the most frequent sub-word.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from neoxja_np.tokenizer.vocabulary import Vocabulary

PLAIN_LENGTH = 3  # characters; only a tag, from a "<", may be longer
SYMBOL_RANGES = (  # code points with one token for all of a range, first and last included
    ("<KIGOU>", 0x00A1, 0x00BF), ("<KIGOU>", 0x01C0, 0x01C3), ("<KIGOU>", 0x02B9, 0x02FF),
    ("<KIGOU>", 0x0300, 0x0362), ("<U2000U2BFF>", 0x2000, 0x2BFF),
)


def candidates(text: str, start: int, vocabulary: Vocabulary) -> list[str]:
    """Every surface that matches at `start`, the longest first."""
    longest = vocabulary.longest if text[start] == "<" else PLAIN_LENGTH
    ends = range(min(len(text), start + longest), start, -1)
    return [text[start:end] for end in ends if text[start:end] in vocabulary.ids]


def is_tag(surface: str) -> bool:
    """Whether a surface comes before all others that match where it does."""
    return surface.startswith("<") and len(surface) > 2


def choose(surfaces: list[str], vocabulary: Vocabulary) -> str:
    """Of candidates, longest first: the longest where it is a tag, else the one of lowest id.

    Of one id, the longest.
    """
    if is_tag(surfaces[0]):
        return surfaces[0]
    return min(surfaces, key=lambda surface: vocabulary.ids[surface])


def fallback(character: str) -> list[str]:
    """The tokens of a character that no surface matches: its range's, else its UTF-8 bytes."""
    for token, first, last in SYMBOL_RANGES:
        if first <= ord(character) <= last:
            return [token]
    return [f"<|byte{byte}|>" for byte in character.encode("utf-8")]


class Piece(NamedTuple):
    """text[start:end] of a normalised text: one surface, or one character's fallback."""

    start: int
    end: int
    tokens: list[str]


def split_pieces(text: str, vocabulary: Vocabulary,
                 pick: Callable[[list[str], Vocabulary], str] | None = None) -> Iterator[Piece]:
    """A normalised text, left to right, never back; `pick` may choose otherwise than choose()."""
    start = 0
    while start < len(text):
        matching = candidates(text, start, vocabulary)
        tokens = [(pick or choose)(matching, vocabulary)] if matching else fallback(text[start])
        end = start + (len(tokens[0]) if matching else 1)
        yield Piece(start, end, tokens)
        start = end


def split_subwords(text: str, vocabulary: Vocabulary) -> list[str]:
    """A normalised text -> its tokens."""
    return [token for piece in split_pieces(text, vocabulary) for token in piece.tokens]
