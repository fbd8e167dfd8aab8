"""Sub-word matching: at each place, of the surfaces that match there, the one with the lowest id.

No pair is ever merged, so this is no byte-pair encoding, though its page says so. Ids are by
frequency, hence the lowest id is the most frequent sub-word.
"""

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


def choose(surfaces: list[str], vocabulary: Vocabulary) -> str:
    """Of candidates, longest first: the longest where it is a tag, else the one of lowest id.

    Of one id, the longest.
    """
    if surfaces[0].startswith("<") and len(surfaces[0]) > 2:
        return surfaces[0]
    return min(surfaces, key=lambda surface: vocabulary.ids[surface])


def fallback(character: str) -> list[str]:
    """The tokens of a character that no surface matches: its range's, else its UTF-8 bytes."""
    for token, first, last in SYMBOL_RANGES:
        if first <= ord(character) <= last:
            return [token]
    return [f"<|byte{byte}|>" for byte in character.encode("utf-8")]


def split_subwords(text: str, vocabulary: Vocabulary) -> list[str]:
    """A normalised text -> its tokens: surfaces of the vocabulary, left to right, never back."""
    tokens: list[str] = []
    start = 0
    while start < len(text):
        matching = candidates(text, start, vocabulary)
        found = [choose(matching, vocabulary)] if matching else fallback(text[start])
        tokens += found
        start += len(found[0]) if matching else 1
    return tokens
