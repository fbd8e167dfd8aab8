import unicodedata
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neoxja_np import GPTNeoXJapaneseTokenizer
from neoxja_np.tokenizer.learn import (
    ALWAYS,
    CHARACTERS,
    EMOJI_BLOCKS,
    LEAST,
    TAGS,
    count_surfaces,
    emoji_inverse,
    emoji_map,
    learn_rows,
    save_vocabulary,
)
from neoxja_np.tokenizer.variants import FOLDED, KANJI, VARIANTS
from tests.conftest import SHARED, needs_shared

SIZE = LEAST + 60
LINES = [
    "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n",
    "何でも薄暗いじめじめした所でニャーニャー泣いていた事だけは記憶している。\n",
    "慶應義塾大學の學生と慶応の学生が國会図書館で会った。Ｐｙｔｈｏｎを使う、と😀。\n",
    "コンピューターとコンピュータ、データとデーター、サーバーのメーカー。\n",
]
PIECES = [*"吾輩猫名前無慶應応學学カータデコひらがな、。,ＡｱＡa1 \n🐱😀—", "<SP>", "<|byte1|>", "コンピュ"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def tokenizers(rows: list[list[str]], folder: Path) -> list[GPTNeoXJapaneseTokenizer]:
    save_vocabulary(folder, rows)
    return [GPTNeoXJapaneseTokenizer.from_pretrained(folder, profile=profile) for profile in ("hf", "original")]


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> list[GPTNeoXJapaneseTokenizer]:
    return tokenizers(learn_rows(LINES, SIZE), tmp_path_factory.mktemp("learned"))


def test_every_row_and_variant_is_what_its_text_encodes_to(learned: list[GPTNeoXJapaneseTokenizer]) -> None:
    for tokenizer in learned:
        assert len(tokenizer.vocabulary.rows) == len(tokenizer) == SIZE
        for i, row in enumerate(tokenizer.vocabulary.rows):
            assert [tokenizer.encode(surface) for surface in row] == [[i]] * len(row)


def test_every_row_decodes_to_its_first_form(learned: list[GPTNeoXJapaneseTokenizer]) -> None:
    for tokenizer in learned:
        for i, row in enumerate(tokenizer.vocabulary.rows[:-len(TAGS)]):
            assert tokenizer.decode([i]) == row[0]
    assert learned[0].decode(learned[0].encode("慶應の學生")) == "慶応の学生"
    assert learned[1].decode(learned[1].encode("a,b,한")) == "a,b,한"


@given(TEXTS | st.text(max_size=12))
@settings(max_examples=400)
def test_both_profiles_give_the_same_ids(learned: list[GPTNeoXJapaneseTokenizer], text: str) -> None:
    hf, original = (tokenizer.encode(text) for tokenizer in learned)
    assert hf == original


@given(st.lists(TEXTS, min_size=1, max_size=20), st.integers(0, 30))
@settings(max_examples=60)
def test_any_corpus(tmp_path_factory: pytest.TempPathFactory, lines: list[str], more: int) -> None:
    try:
        rows = learn_rows(lines, LEAST + more)
    except ValueError:
        assert len(count_surfaces(lines).keys() - set(CHARACTERS)) < more
        return
    assert len(rows) == LEAST + more
    for tokenizer in tokenizers(rows, tmp_path_factory.mktemp("any")):
        for i, row in enumerate(rows):
            assert all(tokenizer.encode(surface) == [i] for surface in row)


def test_what_is_counted() -> None:
    counts = count_surfaces(["ああい猫猫犬、カーカ\n", "猫犬a a", "猫<SP>犬", "猫🐱犬", "國,国"])
    assert {surface: count for surface, count in counts.items() if len(surface) > 1} == {
        "ああ": 1, "あい": 1, "ああい": 1, "猫猫": 1, "猫犬": 2, "カー": 1, "ーカ": 1, "カーカ": 1}
    assert {surface: count for surface, count in counts.items() if len(surface) == 1} == {
        "あ": 2, "い": 1, "猫": 5, "犬": 4, "、": 1, "カ": 2, "ー": 1, "a": 2, "国": 2}


def test_the_longer_stand_first_and_of_a_length_the_more_frequent() -> None:
    rows = learn_rows(LINES, SIZE)
    counts = count_surfaces(LINES)
    plain = [row[0] for row in rows[:-len(TAGS)]]
    assert plain == sorted(plain, key=lambda each: (-len(each), -counts[each], each))
    assert [row[0] for row in rows[-len(TAGS):]] == list(TAGS)
    assert rows[-1] == ["<|endoftext|>"]
    left_out = max(counts[each] for each in counts.keys() - set(plain))
    assert all(counts[each] >= left_out for each in set(plain) - set(CHARACTERS))


def test_characters_come_before_runs_until_few_are_left() -> None:
    """A character without a row is three bytes; one in a thousand may be."""
    kanji = "吾輩猫名前無慶応国会図書館学生東西南北"
    lines = [kanji * 30, "カタカナ" * 2000, *["稀"] * 3, "かな" * 2000]
    assert set(kanji) <= {row[0] for row in learn_rows(lines, LEAST + len(kanji))}
    rows = {row[0] for row in learn_rows(lines, LEAST + len(kanji) + 2)}
    assert "稀" not in rows                            # 3 of 12,573, and runs are far more frequent
    assert {"カタ", "タカ", "カタカ", "かな", "なか"} & rows
    too_few = {row[0] for row in learn_rows(lines, LEAST + 5)}
    assert len(too_few & set(kanji)) == 5


def test_what_is_always_there_and_what_never() -> None:
    rows = [row[0] for row in learn_rows([], LEAST)]
    assert len(rows) == LEAST
    assert {*ALWAYS} - {","} <= set(rows)
    assert {f"<|byte{byte}|>" for byte in range(256)} | {"<BR>", "<SP>", "<KIGOU>", "<|startoftext|>"} <= set(rows)
    assert not any("," in row for row in rows)
    assert not {"\x07", "\u200b"} & {row[0] for row in learn_rows(["\x07あ\u200b"] * 9 + LINES, SIZE)}


def test_the_order_of_the_texts_makes_no_difference() -> None:
    assert learn_rows(LINES, SIZE) == learn_rows(LINES[::-1], SIZE) == learn_rows(iter(LINES), SIZE)


def test_no_surface_stands_twice() -> None:
    rows = learn_rows(LINES, SIZE)
    assert max(Counter(surface for row in rows for surface in row).values()) == 1


@pytest.mark.parametrize(("size", "message"), [
    (LEAST - 1, f"a vocabulary has at least {LEAST} rows, for kana, ASCII, tags and bytes; got {LEAST - 1}"),
    (5000, r"the corpus has characters and runs for \d+ rows, fewer than 5000; "
           "give more text, of more kinds, or a smaller size"),
])
def test_sizes_that_cannot_be_had(size: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        learn_rows(LINES, size)


def test_the_blocks_of_emoji_do_not_overlap_and_hold_their_own() -> None:
    assert all(one[1] < other[0] for one, other in pairwise(EMOJI_BLOCKS))
    assert emoji_map() | {emoji: tag for tag, emoji in emoji_inverse().items()} == emoji_map()
    assert len(set(emoji_map().values())) == len(EMOJI_BLOCKS)


def test_variants_are_other_characters_for_the_same() -> None:
    assert len(set(KANJI)) == len(KANJI)
    assert not FOLDED.keys() & set(FOLDED.values())
    assert all(unicodedata.name(each).startswith("CJK UNIFIED") for each in KANJI)
    assert VARIANTS["応"] == ["應"]
    assert VARIANTS["A"] == ["Ａ"]
    assert VARIANTS["カ"] == ["ｶ"]
    row = next(row for row in learn_rows(LINES, SIZE) if row[0] == "学生")
    assert row == ["学生", "學生"]
    assert all(len(surface) == len(row[0]) for surface in row)
    assert "，" not in FOLDED


@needs_shared
def test_the_pairs_of_kanji_are_one_in_the_32k_vocabulary_too() -> None:
    folder = SHARED / "vocab32k"
    ids = GPTNeoXJapaneseTokenizer(folder / "vocab.txt", folder / "emoji.json").vocabulary.ids
    assert all(ids[new] == ids[old] for new, old in zip(KANJI[::2], KANJI[1::2], strict=True))


def test_runs_whose_characters_are_neighbours_in_unicode() -> None:
    assert "かが" in [row[0] for row in learn_rows(["かが猫", *LINES, "かが犬"], SIZE)]


def test_a_single_text_is_refused() -> None:
    with pytest.raises(TypeError, match="got one str"):
        learn_rows("猫が鳴く", SIZE)
