"""The fast ways are the plain ones: normalize_at_once is normalize, scan is split_subwords."""

import json
import random
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neoxja_np import GPTNeoXJapaneseTokenizer
from neoxja_np.oracle.mistakes import inject
from neoxja_np.tokenizer import pretrained
from neoxja_np.tokenizer.emoji import index_emoji, normalize_at_once
from neoxja_np.tokenizer.normalize import normalize
from neoxja_np.tokenizer.scan import BLOCK, scan
from neoxja_np.tokenizer.subword import split_subwords
from tests.conftest import SHARED, needs_shared, small_tokenizer
from tests.tokenizer.test_tokenizer import TEXTS, own

TOKENIZER = small_tokenizer("original")
VOCABULARY = TOKENIZER.vocabulary
INDEX = index_emoji(VOCABULARY.emoji)


def plain(text: str, tokenizer: GPTNeoXJapaneseTokenizer = TOKENIZER) -> list[int]:
    return tokenizer.convert_tokens_to_ids(split_subwords(text, tokenizer.vocabulary))


def scanned(text: str, tokenizer: GPTNeoXJapaneseTokenizer = TOKENIZER) -> list[int]:
    blocks = scan(text, tokenizer._scan_tables, tokenizer.vocabulary, tokenizer.unk_token_id)
    return [i for block in blocks for i in block.tolist()]


@given(TEXTS)
def test_both_fast_ways_on_any_text(text: str) -> None:
    normalised = normalize(text, VOCABULARY.emoji)
    assert normalize_at_once(text, INDEX) == normalised
    for each in (normalised, text):  # a raw text holds what a normalised one never does
        assert scanned(each) == plain(each)


KEYS = st.text("abc", min_size=1, max_size=3)


@settings(max_examples=400)
@given(st.text("abcx ", max_size=14), st.lists(KEYS, unique=True, max_size=6))
def test_all_at_once_is_one_after_the_other_where_keys_overlap(text: str, keys: list[str]) -> None:
    emoji = {key: f"<{i}>" for i, key in enumerate(keys)}
    assert index_emoji(emoji).apart
    assert normalize_at_once(text, index_emoji(emoji)) == normalize(text, emoji)


@settings(max_examples=400)
@given(st.text("ab<>", max_size=10), st.dictionaries(
    st.text("ab<>", min_size=1, max_size=3), st.sampled_from(["<a>", "<b>", "ab", "<", ""]), max_size=4))
def test_all_at_once_is_one_after_the_other_where_keys_meet_tags(text: str, emoji: dict[str, str]) -> None:
    assert normalize_at_once(text, index_emoji(emoji)) == normalize(text, emoji)


@pytest.mark.parametrize(("emoji", "text"), [
    ({"bc": "<1>", "ab": "<2>"}, "abc"), ({"ab": "<1>", "bc": "<2>"}, "abc"), ({"aa": "<1>"}, "aaaaa"),
    ({"b": "<1>", "abc": "<2>"}, "abcabc"), ({"x": "", "ab": "<1>"}, "axb"), ({"x": "<1>", ">b": "<2>"}, "xb"),
    ({"x": "<1>", "b<": "<2>"}, "bx"), ({"x": "<1>", "1": "<2>"}, "x"), ({"x": "1", "a1b": "<2>"}, "axb")])
def test_keys_that_get_in_each_others_way(emoji: dict[str, str], text: str) -> None:
    assert normalize_at_once(text, index_emoji(emoji)) == normalize(text, emoji)


def test_the_real_files_are_replaced_at_once() -> None:
    assert INDEX.apart
    assert not index_emoji({"1": "<1>"}).apart
    assert not index_emoji({"<|": "<|x|>"}).apart
    assert not index_emoji({"": "<x>"}).apart


@pytest.mark.parametrize("before_the_edge", range(5))
@pytest.mark.parametrize("piece", ["である", "なので", "東京と", "<SP>", "<|emoji1|>", "é", "吉野家", "𠮷野家"])
def test_at_the_edge_of_a_block(before_the_edge: int, piece: str) -> None:
    for pieces in (piece, piece * 3):  # a single one may end the text where the next block has no token of its own
        text = "あ" * (BLOCK - before_the_edge) + pieces
        assert scanned(text) == plain(text)


def test_vocabularies_without_some_lengths(tmp_path: Path) -> None:
    rows_of_each = (["a"], ["a", "ab"], ["abc", "a"], ["<a", "b"], ["a,abc", "ab"], ["ab", "a,abc"], ["<", "<ab", "ab"],
                    ["<", "<ab", "<abc", "<abcd>"], ["<abcd>", "<abc"], ["a\0", "a"], ["a\0\0", "a"], ["一𠮷", "一"])
    texts = ("", "a", "ab", "abc", "abcabca", "<abc", "<ab<abcd>", "<abc<ab", "é", "\0a\0", "\0\0\0", "一𠮷",
             "\u4e02\u0bb7")  # 一𠮷 again, where only 16 bits of a code point are kept
    for rows in rows_of_each:
        tokenizer = own(tmp_path, rows)
        for text in texts:
            assert scanned(text, tokenizer) == plain(text, tokenizer), (rows, text)


def test_the_empty_surface_of_profile_hf_is_found_nowhere() -> None:
    tokenizer = small_tokenizer("hf")
    assert "" in tokenizer.vocabulary.ids
    assert scanned("\0\0\0,\0", tokenizer) == plain("\0\0\0,\0", tokenizer)


def test_a_fallback_without_a_row_is_the_unknown_token(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("a\n<|startoftext|>\n<|endoftext|>", encoding="utf-8")
    (tmp_path / "e.json").write_text('{"emoji": {}, "emoji_inv": {}}', encoding="utf-8")
    tokenizer = GPTNeoXJapaneseTokenizer(tmp_path / "v.txt", tmp_path / "e.json")
    assert scanned("aéa¡", tokenizer) == plain("aéa¡", tokenizer) == [0, 2, 2, 0, 2]
    assert tokenizer.encode("aé" * 500) == [0, 2, 2] * 500


def test_long_texts_are_scanned_and_mistakes_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "それでですが、日本語のﾍﾞｸﾄﾙと👩‍🍳です。<|endoftext|>" * 50
    tokenizer = small_tokenizer("hf")
    expected = tokenizer.convert_tokens_to_ids(tokenizer.tokenize(text))
    monkeypatch.setattr(pretrained, "SCAN_FROM", 5)
    monkeypatch.setattr(pretrained, "split_subwords", None)
    assert tokenizer.encode(text[:-13]) == expected[:-1]
    monkeypatch.undo()
    assert tokenizer.encode(text) == expected
    right = TOKENIZER.encode("ですが" * 500)
    with inject("longest_match"):
        assert TOKENIZER.encode("ですが" * 500) != right


@pytest.mark.parametrize("piece", ["今日は晴れ。", "한", "😀", "(^^", "1", "<", "<SP", "👩‍🍳", "\r\n", "😀\ufe0f"])
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    def seconds(count: int) -> float:
        text, times = piece * count, []
        for _ in range(3):
            start = time.process_time()
            TOKENIZER.encode(text)
            times.append(time.process_time() - start)
        return min(times)

    TOKENIZER.encode(piece * 1000)  # tables are made once
    assert seconds(40_000 // len(piece)) <= 8 * seconds(10_000 // len(piece)) + 0.02  # 4 where linear, 16 where not


@needs_shared
def test_every_scalar_value_and_the_vectors_with_the_32k_vocabulary() -> None:
    files = SHARED / "vocab32k" / "vocab.txt", SHARED / "vocab32k" / "emoji.json"
    tokenizer = GPTNeoXJapaneseTokenizer(*files, profile="original")
    vocabulary = tokenizer.vocabulary
    values = [chr(code) for code in [*range(0xD800), *range(0xE000, 0x110000)]]
    for text in ("".join(values[i:i + 4096]) for i in range(0, len(values), 4096)):
        assert scanned(text, tokenizer) == plain(text, tokenizer)
    index = index_emoji(vocabulary.emoji)
    rng, keys = random.Random(0), list(vocabulary.emoji)
    lines = (SHARED / "vectors" / "original-32k.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    texts = [json.loads(line)["text"] for line in lines[:500]] + ["".join(rng.choices(keys, k=30)) for _ in range(200)]
    for text in texts:
        normalised = normalize(text, vocabulary.emoji)
        assert normalize_at_once(text, index) == normalised
        assert scanned(normalised, tokenizer) == plain(normalised, tokenizer)
    assert np.iinfo(np.int32).max > len(vocabulary.rows)
