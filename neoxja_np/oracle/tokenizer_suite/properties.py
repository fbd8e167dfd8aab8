"""What is true on every text, and of every tokenizer that claims a profile.

Each property is a function of a port, the reference and what Hypothesis drew; it raises
AssertionError where it does not hold.
"""

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from neoxja_np.oracle.tokenizer_suite import strategies
from neoxja_np.oracle.tokenizer_suite.ports import Port
from neoxja_np.tokenizer.pretrained import GPTNeoXJapaneseTokenizer
from neoxja_np.tokenizer.vocabulary import Vocabulary

Draw = Callable[[Vocabulary], st.SearchStrategy[Any]]
Check = Callable[[Port, GPTNeoXJapaneseTokenizer, Any], None]


@dataclass(frozen=True)
class Property:
    """A property: its name, what it is drawn from, and the check."""

    name: str
    summary: str
    draw: Draw
    check: Check
    profiles: tuple[str, ...] = ("hf", "original")


PROPERTIES: dict[str, Property] = {}


def holds(draw: Draw, *profiles: str) -> Callable[[Check], Check]:
    """Enters a property under its function's name."""
    def enter(check: Check) -> Check:
        name = check.__name__
        PROPERTIES[name] = Property(name, check.__doc__ or "", draw, check,
                                    profiles or ("hf", "original"))
        return check
    return enter


def expect(got: Any, expected: Any) -> None:
    """Raises AssertionError, also where Python leaves assert statements out, as with -O."""
    if got != expected:
        raise AssertionError(f"got {got!r}, expected {expected!r}")


@holds(strategies.texts)
def total(port: Port, reference: GPTNeoXJapaneseTokenizer, text: str) -> None:
    """Every text has ids, all rows of the vocabulary; none only where the reference has none."""
    ids = port.encode(text)
    expect(bool(ids), bool(reference.encode(text)))
    expect([i for i in ids if not 0 <= i < len(reference.vocabulary.rows)], [])


@holds(lambda vocabulary: strategies.scalars())
def every_scalar_value(port: Port, reference: GPTNeoXJapaneseTokenizer, character: str) -> None:
    """A single character is its row, its range's token or its bytes, as the reference says."""
    expect(port.encode(character), reference.encode(character))


@holds(strategies.texts)
def deterministic(port: Port, reference: GPTNeoXJapaneseTokenizer, text: str) -> None:
    """The same text has the same ids again."""
    expect(port.encode(text), port.encode(text))


@holds(strategies.texts)
def equal_to_the_plain_reading(port: Port, reference: GPTNeoXJapaneseTokenizer, text: str) -> None:
    """The ids are those of the reference."""
    expect(port.encode(text), reference.encode(text))


@holds(strategies.long_texts)
def equal_on_long_texts(port: Port, reference: GPTNeoXJapaneseTokenizer, text: str) -> None:
    """The ids of a long text are those of the reference, too."""
    expect(port.encode(text), reference.encode(text))


@holds(strategies.ids)
def decodes_as_the_reference(port: Port, reference: GPTNeoXJapaneseTokenizer,
                             ids: list[int]) -> None:
    """Any ids decode to the text of the reference."""
    expect(port.decode(ids), reference.decode(ids))


@holds(strategies.byte_ids)
def decodes_bytes_as_the_reference(port: Port, reference: GPTNeoXJapaneseTokenizer,
                                   ids: list[int]) -> None:
    """Bytes, whole characters or parts, decode to the text of the reference."""
    expect(port.decode(ids), reference.decode(ids))


@holds(strategies.texts)
def no_more_tokens_than_bytes(port: Port, reference: GPTNeoXJapaneseTokenizer, text: str) -> None:
    """At most one token for each byte of the normalised text's UTF-8."""
    size = len(reference.normalize(text).text.encode("utf-8"))
    expect(max(len(port.encode(text)), size), size)


@holds(lambda vocabulary: st.sampled_from([
    (one, other) for group in ((" ", "\u3000"), ("\n", "\r\n", "\r"), ("ー", "—", "−"))
    for one in group for other in group]).flatmap(
        lambda pair: st.tuples(st.just(pair), st.text("aかタ日<", max_size=3),
                               st.text("aかタ日>", max_size=3))))
def classes_of_white_space(port: Port, reference: GPTNeoXJapaneseTokenizer, drawn: Any) -> None:
    """White space of a class is one, and so are the three dashes: the ids do not tell them apart.
    """
    (one, other), before, after = drawn
    expect(port.encode(before + one + after), port.encode(before + other + after))


@holds(strategies.surfaces_of_several_rows)
def the_last_row_wins(port: Port, reference: GPTNeoXJapaneseTokenizer, surface: str) -> None:
    """A surface that stands in several rows has the ids that the reference gives it."""
    expect(port.encode(surface), reference.encode(surface))


@holds(lambda vocabulary: st.sampled_from(
    [(row[0], other, i) for i, row in enumerate(vocabulary.rows) for other in row[1:]]
    or [("", "", -1)]))
def variants_are_their_row(port: Port, reference: GPTNeoXJapaneseTokenizer, drawn: Any) -> None:
    """A variant has the id of its row, but for those that the reference reads otherwise."""
    _, variant, token_id = drawn
    if reference.encode(variant) == [token_id]:
        expect(port.encode(variant), [token_id])


@holds(lambda vocabulary: st.text(st.characters(
    min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=6), "original")
def bytes_decode_to_themselves(port: Port, reference: GPTNeoXJapaneseTokenizer, text: str) -> None:
    """Characters that become bytes come back from them."""
    expect(port.decode(port.encode(text)), reference.decode(reference.encode(text)))


@holds(lambda vocabulary: st.text(" \n\tか日a,", max_size=8), "original")
def plain_text_round_trips(port: Port, reference: GPTNeoXJapaneseTokenizer, text: str) -> None:
    """Text comes back as from the reference: white space and commas as they were."""
    expect(port.decode(port.encode(text)), reference.decode(reference.encode(text)))


@holds(strategies.byte_ids)
def streams_as_it_decodes(port: Port, reference: GPTNeoXJapaneseTokenizer, ids: list[int]) -> None:
    """Text given an id at a time: joined it is all bytes read as UTF-8, and no character waits.

    For a port that says that it streams.
    """
    pieces = port.stream(ids) if port.streams else []
    expected = [reference.decode_bytes(ids[:n]) for n in range(len(ids) + 1)]
    if port.streams:
        expect("".join(pieces), expected[-1].decode("utf-8", errors="replace"))
        for n, known in enumerate(expected[1:], start=1):
            complete = codecs.getincrementaldecoder("utf-8")("replace").decode(known)
            expect("".join(pieces[:n]).startswith(complete), True)


@holds(strategies.emoji)
def emoji_in_the_files_order(port: Port, reference: GPTNeoXJapaneseTokenizer, text: str) -> None:
    """Emoji and emoticons beside each other become the tags that the file's order gives."""
    expected = text
    for key, tag in reference.vocabulary.emoji.items():
        expected = expected.replace(key, tag)
    expect(port.encode(text), port.encode(expected))
