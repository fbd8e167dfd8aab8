"""Hypothesis strategies drawn from a vocabulary: texts and ids that meet its rules often."""

from collections import Counter

from hypothesis import strategies as st

from neoxja_np.tokenizer.normalize import REPLACEMENTS
from neoxja_np.tokenizer.subword import SYMBOL_RANGES
from neoxja_np.tokenizer.vocabulary import Vocabulary

SPACES = (" ", "\u3000", "\n", "\r\n", "\r", "\t")
OTHERS = ("—", "−", "<", "<|", "|>", ",", "\u200d", "\ufe0f", "\u0301", "\0")
EDGES = [chr(code + step) for _, *ends in SYMBOL_RANGES for code in ends for step in (-1, 0, 1)]


def scalars() -> st.SearchStrategy[str]:
    """One Unicode scalar value: any code point but a surrogate; often where a range ends."""
    return st.characters(exclude_categories=["Cs"]) | st.sampled_from(EDGES)


def surfaces(vocabulary: Vocabulary) -> st.SearchStrategy[str]:
    """A surface of the vocabulary: a sub-word, a variant, a tag. The shortest is the simplest."""
    return st.sampled_from(sorted(filter(None, vocabulary.ids), key=len))


def surfaces_of_several_rows(vocabulary: Vocabulary) -> st.SearchStrategy[str]:
    """A surface that more than one row lists; the empty one where there is none."""
    counts = Counter(surface for row in vocabulary.rows for surface in row)
    return st.sampled_from([surface for surface, count in counts.items() if count > 1] or [""])


def texts(vocabulary: Vocabulary, *, pieces: int = 40) -> st.SearchStrategy[str]:
    """A text of surfaces, emoji keys, white space, beginnings of tags and any characters.

    Every other one is long, so that a few hundred meet most of a small vocabulary.
    """
    piece = (surfaces(vocabulary) | scalars() | st.sampled_from(SPACES) | st.sampled_from(OTHERS)
             | surfaces(vocabulary).map(lambda surface: surface[:-1]))
    if vocabulary.emoji:
        piece |= st.sampled_from(list(vocabulary.emoji))
    long = st.lists(piece, min_size=pieces // 2, max_size=pieces)
    return (st.lists(piece, max_size=pieces) | long).map("".join)


def long_texts(vocabulary: Vocabulary, *, characters: int = 5000) -> st.SearchStrategy[str]:
    """A text many times over, cut anywhere: what long input alone makes go wrong."""
    return st.tuples(texts(vocabulary).filter(bool), st.integers(100, characters)).map(
        lambda drawn: (drawn[0] * (drawn[1] // len(drawn[0]) + 1))[:drawn[1]])


def ids(vocabulary: Vocabulary, *, length: int = 20) -> st.SearchStrategy[list[int]]:
    """Any ids of the vocabulary, now and then many."""
    few = st.lists(st.integers(0, len(vocabulary.rows) - 1), max_size=length)
    return few | st.tuples(few, st.integers(1, 100)).map(lambda drawn: drawn[0] * drawn[1])


def byte_ids(vocabulary: Vocabulary) -> st.SearchStrategy[list[int]]:
    """Ids of byte tokens, whole characters and parts of them, between others."""
    known = {row[0]: i for i, row in enumerate(vocabulary.rows)}

    def rows(data: bytes) -> list[int]:
        return [known[f"<|byte{byte}|>"] for byte in data if f"<|byte{byte}|>" in known]

    character = scalars().map(lambda character: rows(character.encode("utf-8")))
    part = st.binary(max_size=3).map(rows)
    return st.lists(character | part | ids(vocabulary, length=2), max_size=6).map(
        lambda parts: [i for each in parts for i in each])


def emoji(vocabulary: Vocabulary) -> st.SearchStrategy[str]:
    """Keys of emoji.json beside each other, but for those with white space or a dash in them.

    Those would have become a tag before the key is looked for, so that it is never found.
    """
    keys = [key for key in vocabulary.emoji if not any(old in key for old in REPLACEMENTS)]
    return st.lists(st.sampled_from(keys or [""]), max_size=4).map("".join)
