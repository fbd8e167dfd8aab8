"""Steps, offsets and explanations say what the tokenizer does, on every text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neoxja_np import GPTNeoXJapaneseTokenizer
from neoxja_np.tokenizer.edits import Edit, Step, apply, spans
from neoxja_np.tokenizer.emoji import index_emoji
from neoxja_np.tokenizer.explain import normalize_steps
from neoxja_np.tokenizer.normalize import normalize
from tests.conftest import small_tokenizer
from tests.tokenizer.test_tokenizer import TEXTS

TOKENIZERS = [small_tokenizer(profile, do_clean_text=clean) for profile in ("hf", "original")
              for clean in (False, True)]
CLEANED = st.sampled_from(
    ["http://a.jp/b", "me@a.co.jp", "03-1234-5678", "2024/11/24", "平成3年4月5日", "1,200円", "━━█"])
ALL_TEXTS = st.lists(TEXTS | CLEANED, max_size=4).map("".join)


@given(ALL_TEXTS)
def test_the_steps_lead_to_what_is_matched(text: str) -> None:
    for tokenizer in TOKENIZERS:
        found = tokenizer.normalize(text)
        assert found.source == text
        assert found.text == "".join(part for part, _ in tokenizer._parts(text))
        assert all(step.edits for step in found.steps)
        at = text
        for step in found.steps:
            assert step.before == at
            at = step.after
        assert at == found.text


@given(ALL_TEXTS)
def test_offsets_are_in_order_and_leave_nothing_out(text: str) -> None:
    for tokenizer in TOKENIZERS:
        encoding = tokenizer(text, return_offsets_mapping=True)
        assert encoding.input_ids == tokenizer.encode(text)
        end, previous = 0, (0, 0)
        for span in encoding.offset_mapping:
            assert span == previous or span[0] == end or span[1] == end == previous[1], (text, span, previous)
            assert span[0] < span[1]
            previous, end = span, span[1]
        assert end == len(text)


@given(ALL_TEXTS)
def test_an_explanation_is_the_tokens_and_where_they_stood(text: str) -> None:
    for tokenizer in TOKENIZERS:
        chosen = tokenizer.explain(text)
        assert [token for choice in chosen for token in choice.tokens] == tokenizer.tokenize(text)
        assert [i for choice in chosen for i in choice.ids] == tokenizer.encode(text)
        for choice in chosen:
            assert choice.source == text[choice.start:choice.end]
            assert all(tokenizer.vocabulary.ids[surface] == i for surface, i in choice.candidates)
            if choice.candidates:
                assert choice.tokens[0] in [surface for surface, _ in choice.candidates]
            if choice.rule == "lowest id":
                assert choice.ids[0] == min(i for _, i in choice.candidates)


def test_what_an_offset_is() -> None:
    tokenizer = small_tokenizer()
    encoding = tokenizer("a\r\nb 😃é", return_offsets_mapping=True)
    assert encoding.offset_mapping == [(0, 1), (1, 3), (3, 4), (4, 5), (5, 6), (6, 7), (6, 7)]
    batch = tokenizer(["猫", "猫と犬"], return_offsets_mapping=True, padding=True, padding_side="left",
                      return_tensors="np")
    assert batch.offset_mapping.tolist() == [[[0, 0], [0, 0], [0, 1]], [[0, 1], [1, 2], [2, 3]]]
    cut = tokenizer("猫と犬", return_offsets_mapping=True, max_length=2)
    assert cut.offset_mapping == [(0, 1), (1, 2)]
    after = tokenizer("猫<|endoftext|>と", return_offsets_mapping=True)
    assert after["offset_mapping"] == [(0, 1), (1, 14), (14, 15)]


def test_an_explanation_reads_like_this() -> None:
    original = small_tokenizer("original")
    places = {choice.source: choice for choice in original.explain("である慶應<SP>¿한<|endoftext|>")}
    assert places["であ"].rule == "lowest id"
    assert [surface for surface, _ in places["であ"].candidates] == ["である", "であ", "で"]
    assert (places["慶應"].decoded, places["慶應"].lossy, places["であ"].lossy) == ("慶応", True, False)
    assert places["<SP>"].rule == places["<|endoftext|>"].rule == "longest tag"
    assert (places["¿"].rule, places["¿"].decoded) == ("range of symbols", "ǀ")
    assert (places["한"].rule, len(places["한"].ids), places["한"].lossy) == ("UTF-8 bytes", 3, False)
    assert {choice.source: choice.rule for choice in small_tokenizer().explain("猫<|endoftext|>")} == {
        "猫": "only match", "<|endoftext|>": "special token"}
    assert small_tokenizer().explain("") == []
    assert str(small_tokenizer().normalize("猫")) == "source  '猫'"


def test_cleaning_is_a_step_for_each_kind() -> None:
    tokenizer = small_tokenizer(do_clean_text=True)
    found = tokenizer.normalize("連絡は me@a.jp、03-1234-5678。2024/11/24に1,200円")
    assert [step.name for step in found.steps] == ["white space", "e-mail", "telephone", "date", "price"]
    assert found.text == "連絡は<SP><EMAIL>、<TEL>。<DATE>に<PRICE>"
    assert tokenizer.tokenize("me@a.jp") == ["<EMAIL>"]
    assert small_tokenizer().tokenize("me@a.jp")[:2] == ["m", "e"]


@given(st.text("ab<>", max_size=10), st.dictionaries(
    st.text("ab<>", min_size=1, max_size=3), st.sampled_from(["<a>", "<b>", "ab", "<"]), max_size=4))
def test_steps_where_emoji_get_in_each_others_way(text: str, emoji: dict[str, str]) -> None:
    steps = normalize_steps(text, index_emoji(emoji), clean=None)
    assert (steps[-1].after if steps else text) == normalize(text, emoji)


@given(st.text("abc", max_size=8), st.data())
def test_spans_follow_edits(text: str, data: st.DataObject) -> None:
    places = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    edits = [Edit(a, b, data.draw(st.text("xy", max_size=3))) for a, b in zip(places[::2], places[1::2], strict=False)]
    step = Step("any", text, edits)
    starts, ends = spans(len(text), [step])
    assert len(starts) == len(ends) == len(step.after) == len(apply(text, edits))
    for character, start, end in zip(step.after, starts, ends, strict=True):
        assert character == text[start:end] or Edit(start, end, "")[:2] in [edit[:2] for edit in edits]


def test_explaining_takes_a_text() -> None:
    for use in (small_tokenizer().explain, small_tokenizer().normalize):
        with pytest.raises(TypeError, match="a text must be a str, got int"):
            use(5)
        with pytest.raises(ValueError, match="lone surrogate"):
            use("\ud800")


def test_bytes_of_ids() -> None:
    for tokenizer in (small_tokenizer("hf"), small_tokenizer("original")):
        ids = tokenizer.encode("猫 한")
        assert tokenizer.decode_bytes(ids) == "猫 한".encode()
        assert tokenizer.decode_bytes(np.array(ids[:3])) == "猫 ".encode() + b"\xed"
        assert tokenizer.decode_bytes([*ids, tokenizer.eos_token_id], skip_special_tokens=True) == "猫 한".encode()


@pytest.mark.parametrize("dropout", [0.1, 0.5, 1.0])
def test_dropout_leaves_out_as_many_winners_as_it_says(dropout: float) -> None:
    tokenizer, generator = small_tokenizer(), np.random.default_rng(0)
    # であ wins over である and で; then る or nothing
    draws = [tokenizer.tokenize("であ", dropout=dropout, generator=generator)[0] for _ in range(4000)]
    assert abs(draws.count("で") / 4000 - dropout) < 4 * (dropout * (1 - dropout) / 4000) ** 0.5 + 1e-9


def test_losers_are_taken_by_rank() -> None:
    tokenizer, generator = small_tokenizer(), np.random.default_rng(1)
    draws = [tokenizer.tokenize("である", dropout=1.0, generator=generator)[0] for _ in range(4000)]
    share = np.e / (1 + np.e)  # である has a lower id than で
    assert set(draws) == {"である", "で"}
    assert abs(draws.count("である") / 4000 - share) < 4 * (share * (1 - share) / 4000) ** 0.5


@given(TEXTS, st.integers(0, 2**32))
def test_a_text_cut_otherwise_is_the_same_text(text: str, seed: int) -> None:
    for tokenizer in TOKENIZERS:
        tokens = tokenizer.tokenize(text, dropout=0.5, generator=np.random.default_rng(seed))
        again = tokenizer.tokenize(text, dropout=0.5, generator=np.random.default_rng(seed))
        encoding = tokenizer(text, dropout=0.5, generator=np.random.default_rng(seed), return_offsets_mapping=True)
        assert tokens == again
        assert tokenizer.convert_tokens_to_ids(tokens) == encoding.input_ids
        assert encoding.input_ids == tokenizer.encode(text, dropout=0.5, generator=np.random.default_rng(seed))
        tags = [token for token in tokenizer.tokenize(text) if token.startswith("<") and len(token) > 2
                and not token.startswith("<|byte")]
        assert [token for token in tokens if token in tags] == tags
        assert tokenizer.tokenize(text, dropout=0.0) == tokenizer.tokenize(text)


@pytest.mark.parametrize(("settings", "error", "message"), [
    ({"dropout": 1.5, "generator": np.random.default_rng()}, ValueError, "a probability, from 0 to 1, got 1.5"),
    ({"dropout": -0.1, "generator": np.random.default_rng()}, ValueError, "a probability, from 0 to 1, got -0.1"),
    ({"dropout": float("nan"), "generator": np.random.default_rng()}, ValueError, "got nan"),
    ({"dropout": 0.1}, TypeError, "dropout needs a generator, such as numpy.random.default_rng"),
    ({"dropout": 0.1, "generator": 7}, TypeError, "got int")])
def test_dropout_refused(settings: dict[str, object], error: type[Exception], message: str) -> None:
    tokenizer: GPTNeoXJapaneseTokenizer = small_tokenizer()
    for use in (tokenizer.tokenize, tokenizer, tokenizer.explain):
        with pytest.raises(error, match=message):
            use("猫", **settings)
