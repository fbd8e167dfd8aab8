"""Profile hf against Hugging Face's tokenizer with the 32k vocabulary."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from neoxja_np import GPTNeoXJapaneseTokenizer
from tests.conftest import SHARED, needs_shared
from tests.parity.conftest import note
from transformers import GPTNeoXJapaneseTokenizer as HuggingFaceTokenizer

EXAMPLES = 20_400  # of which a few come twice


@needs_shared
def test_twenty_thousand_texts() -> None:
    files = SHARED / "vocab32k" / "vocab.txt", SHARED / "vocab32k" / "emoji.json"
    ours, theirs = GPTNeoXJapaneseTokenizer(*files), HuggingFaceTokenizer(*map(str, files))
    surfaces = sorted(ours.vocabulary.ids)
    pieces = (st.sampled_from(surfaces) | st.sampled_from(list(ours.vocabulary.emoji))
              | st.characters(exclude_categories=["Cs"])
              | st.sampled_from([" ", "\u3000", "\n", "\r\n", "\r", "\t", "—", "−", "<", "<|", "|>", ",", "<SP>",
                                 "<|endoftext|>", "<|startoftext|>", "<|byte227|>", "<URL>", "<|emoji1|>"]))
    seen: set[str] = set()

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(st.lists(pieces, max_size=14).map("".join))
    def check(text: str) -> None:
        seen.add(text)
        tokens, ids = theirs.tokenize(text), theirs(text)["input_ids"]
        assert ours.tokenize(text) == tokens
        assert ours.encode(text) == ids
        assert ours.decode(ids) == theirs.decode(ids)
        assert ours.decode(ids, skip_special_tokens=True) == theirs.decode(ids, skip_special_tokens=True)
        assert ours.convert_ids_to_tokens(ids) == theirs.convert_ids_to_tokens(ids)

    check()
    note("texts on which profile hf equals Hugging Face's tokenizer", len(seen))
    assert len(seen) >= 20_000
    assert ours.get_vocab() == theirs.get_vocab()
    assert (len(ours), ours.vocab_size) == (len(theirs), theirs.vocab_size)
    assert ours.all_special_ids == theirs.all_special_ids
