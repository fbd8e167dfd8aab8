"""Profile hf against Hugging Face's tokenizer with the 32k vocabulary, and the fast ways against the plain ones.

NEOXJA_TEXTS sets how many texts are compared, for a long run: NEOXJA_TEXTS=100000 make parity
"""

import os
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from neoxja_np import GPTNeoXJapaneseTokenizer
from neoxja_np.tokenizer.normalize import normalize
from neoxja_np.tokenizer.subword import split_subwords
from tests.conftest import SHARED, needs_shared
from tests.parity.conftest import note
from tests.tokenizer.test_scan import scanned
from transformers import GPTNeoXJapaneseTokenizer as HuggingFaceTokenizer

DIFFERENT_TEXTS = int(os.environ.get("NEOXJA_TEXTS", "20000"))
EXAMPLES = DIFFERENT_TEXTS * 105 // 100  # for a few come twice
FILES = SHARED / "vocab32k" / "vocab.txt", SHARED / "vocab32k" / "emoji.json"
SCALARS = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]


@needs_shared
def test_random_texts() -> None:
    ours, theirs = GPTNeoXJapaneseTokenizer(*FILES), HuggingFaceTokenizer(*map(str, FILES))
    surfaces = sorted(ours.vocabulary.ids)
    pieces = (st.sampled_from(surfaces) | st.sampled_from(list(ours.vocabulary.emoji))
              | st.characters(exclude_categories=["Cs"])
              | st.sampled_from([" ", "\u3000", "\n", "\r\n", "\r", "\t", "—", "−", "<", "<|", "|>", ",", "<SP>",
                                 "<|endoftext|>", "<|startoftext|>", "<|byte227|>", "<URL>", "<|emoji1|>"]))
    seen: set[str] = set()

    def plain_and_fast(text: str) -> None:
        plain = normalize(text, ours.vocabulary.emoji)
        assert ours.normalize(text).text == "".join(
            part if special else normalize(part, ours.vocabulary.emoji) for part, special in ours._cut(text))
        ids = ours.convert_tokens_to_ids(split_subwords(plain, ours.vocabulary))
        assert scanned(plain, ours) == ids

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(st.lists(pieces, max_size=14).map("".join))
    def check(text: str) -> None:
        seen.add(text)
        plain_and_fast(text)
        tokens, ids = theirs.tokenize(text), theirs(text)["input_ids"]
        assert ours.tokenize(text) == tokens
        assert ours.encode(text) == ids
        assert ours.decode(ids) == theirs.decode(ids)
        assert ours.decode(ids, skip_special_tokens=True) == theirs.decode(ids, skip_special_tokens=True)
        assert ours.convert_ids_to_tokens(ids) == theirs.convert_ids_to_tokens(ids)

    check()
    note("texts on which profile hf equals Hugging Face's tokenizer", len(seen))
    assert len(seen) >= DIFFERENT_TEXTS
    assert ours.get_vocab() == theirs.get_vocab()
    assert (len(ours), ours.vocab_size) == (len(theirs), theirs.vocab_size)
    assert ours.all_special_ids == theirs.all_special_ids


@needs_shared
@pytest.mark.parametrize("first", range(4))  # in parts that may run beside each other
def test_every_scalar_value(first: int) -> None:
    ours, theirs = GPTNeoXJapaneseTokenizer(*FILES), HuggingFaceTokenizer(*map(str, FILES))
    assert len(SCALARS) == 1_112_064
    for character in SCALARS[first::4]:
        ids = theirs(character)["input_ids"]
        assert ours.encode(character) == ids, hex(ord(character))
        text = ours.normalize(character).text
        assert scanned(text, ours) == ids, hex(ord(character))
    note(f"Unicode scalar values, each fourth from U+{first:04X}, on which profile hf, plain and fast, equals Hugging "
         "Face's tokenizer", len(SCALARS[first::4]))
