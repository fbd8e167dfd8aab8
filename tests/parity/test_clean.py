from hypothesis import given, settings
from hypothesis import strategies as st
from neoxja_np import GPTNeoXJapaneseTokenizer
from neoxja_np.tokenizer.clean import clean
from neoxja_np.tokenizer.clean_linear import clean_linear
from tests.conftest import VOCABULARY
from tests.tokenizer.test_clean import TEXTS
from transformers import GPTNeoXJapaneseTokenizer as HuggingFaceTokenizer

FILES = VOCABULARY / "vocab.txt", VOCABULARY / "emoji.json"
OURS = GPTNeoXJapaneseTokenizer(*FILES, do_clean_text=True)
THEIRS = HuggingFaceTokenizer(*map(str, FILES), do_clean_text=True)


@given(TEXTS | st.text("0123456789,億万千円ドル/年月日-@.a(", max_size=20))
@settings(max_examples=5000)
def test_clean_text(text: str) -> None:
    expected = THEIRS.subword_tokenizer.clean_text(text)
    assert clean(text, "hf") == expected
    assert clean_linear(text, "hf") == expected
    assert OURS.encode(text) == THEIRS(text)["input_ids"]
