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
from neoxja_np.tokenizer.scan import BLOCK, build_tables, scan
from neoxja_np.tokenizer.subword import split_subwords
from tests.conftest import SHARED, needs_shared, small_tokenizer
from tests.tokenizer.test_tokenizer import TEXTS, own

TOKENIZER = small_tokenizer("original")
VOCABULARY = TOKENIZER.vocabulary
INDEX, TABLES = index_emoji(VOCABULARY.emoji), build_tables(VOCABULARY)


def plain(text: str, tokenizer: GPTNeoXJapaneseTokenizer = TOKENIZER) -> list[int]:
    return tokenizer.convert_tokens_to_ids(split_subwords(text, tokenizer.vocabulary))


def scanned(text: str, tokenizer: GPTNeoXJapaneseTokenizer = TOKENIZER) -> list[int]:
    tables = build_tables(tokenizer.vocabulary)
    return scan(text, tables, tokenizer.vocabulary, tokenizer.unk_token_id).tolist()


@given(TEXTS)
def test_both_fast_ways_on_any_text(text: str) -> None:
    normalised = normalize(text, VOCABULARY.emoji)
    assert normalize_at_once(text, INDEX) == normalised
    for each in (normalised, text):  # a raw text holds what a normalised one never does
        assert scan(each, TABLES, VOCABULARY, TOKENIZER.unk_token_id).tolist() == plain(each)


@given(st.lists(st.sampled_from(["a", "b", "ab", "ba", "aa", "<", ">", "<1>", "1", "x"]), max_size=12).map("".join),
       st.dictionaries(st.text("ab1<>", min_size=1, max_size=3), st.sampled_from(["<1>", "<2>", "ab", ""]), max_size=5))
def test_replacing_at_once_is_replacing_in_order_whatever_the_keys(text: str, emoji: dict[str, str]) -> None:
    assert normalize_at_once(text, index_emoji(emoji)) == normalize(text, emoji)


def test_the_real_files_are_replaced_at_once() -> None:
    assert INDEX.apart
    assert not index_emoji({"1": "<1>"}).apart
    assert not index_emoji({"<|": "<|x|>"}).apart
    assert not index_emoji({"": "<x>"}).apart


@settings(max_examples=25)
@given(st.integers(-3, 3), st.lists(
    st.sampled_from(["である", "なので", "<SP>", "<|emoji1|>", "é", "𠮷野家", "<", "東京"]), min_size=1, max_size=9))
def test_at_the_edge_of_a_block(shift: int, pieces: list[str]) -> None:
    text = "あ" * (BLOCK + shift) + "".join(pieces)
    assert scan(text, TABLES, VOCABULARY, TOKENIZER.unk_token_id).tolist() == plain(text)


def test_vocabularies_without_some_lengths(tmp_path: Path) -> None:
    for rows in (["a"], ["a", "ab"], ["abc", "a"], ["<a", "b"], ["a,abc", "ab"], ["ab", "a,abc"]):
        tokenizer = own(tmp_path, rows)
        for text in ("", "a", "ab", "abc", "abcabca", "<abc", "é", "\x00a\x00"):
            assert scanned(text, tokenizer) == plain(text, tokenizer), (rows, text)


def test_a_fallback_without_a_row_is_the_unknown_token(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("a\n<|startoftext|>\n<|endoftext|>", encoding="utf-8")
    (tmp_path / "e.json").write_text('{"emoji": {}, "emoji_inv": {}}', encoding="utf-8")
    tokenizer = GPTNeoXJapaneseTokenizer(tmp_path / "v.txt", tmp_path / "e.json")
    assert scanned("aéa¡", tokenizer) == plain("aéa¡", tokenizer) == [0, 2, 2, 0, 2]


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
    vocabulary, tables = tokenizer.vocabulary, build_tables(tokenizer.vocabulary)
    values = [chr(code) for code in [*range(0xD800), *range(0xE000, 0x110000)]]
    for text in ("".join(values[i:i + 4096]) for i in range(0, len(values), 4096)):
        assert scan(text, tables, vocabulary, tokenizer.unk_token_id).tolist() == plain(text, tokenizer)
    index = index_emoji(vocabulary.emoji)
    rng, keys = random.Random(0), list(vocabulary.emoji)
    lines = (SHARED / "vectors" / "original-32k.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    texts = [json.loads(line)["text"] for line in lines[:500]] + ["".join(rng.choices(keys, k=30)) for _ in range(200)]
    for text in texts:
        normalised = normalize(text, vocabulary.emoji)
        assert normalize_at_once(text, index) == normalised
        assert scan(normalised, tables, vocabulary, tokenizer.unk_token_id).tolist() == plain(normalised, tokenizer)
    assert np.iinfo(np.int32).max > len(vocabulary.rows)
