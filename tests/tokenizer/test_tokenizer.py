"""What is true of the tokenizer on every text. Equality with Hugging Face is in tests/checks.py and tests/parity."""

import json
import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neoxja_np import GPTNeoXJapaneseTokenizer
from neoxja_np.tokenizer.normalize import normalize
from neoxja_np.tokenizer.subword import fallback
from tests.conftest import SHARED, VOCABULARY, needs_shared, small_tokenizer

HF, ORIGINAL = small_tokenizer("hf"), small_tokenizer("original")
ROWS = ORIGINAL.vocabulary.rows
SURFACES = [surface for row in ROWS for surface in row]
PIECES = (st.sampled_from(SURFACES) | st.sampled_from(list(ORIGINAL.vocabulary.emoji))
          | st.sampled_from([" ", "\u3000", "\n", "\r\n", "\r", "\t", "—", "−", "<", "<|", "|>"])
          | st.characters(exclude_categories=["Cs"]))
TEXTS = st.lists(PIECES, max_size=12).map("".join)


@given(TEXTS)
def test_every_text_has_tokens_in_range(text: str) -> None:
    for tokenizer in (HF, ORIGINAL):
        ids = tokenizer.encode(text)
        assert bool(ids) == bool(text)
        assert all(0 <= i < len(ROWS) for i in ids)
        assert tokenizer.convert_tokens_to_ids(tokenizer.tokenize(text)) == ids
        assert len(ids) <= len(normalize(text, tokenizer.vocabulary.emoji).encode())


@given(TEXTS)
def test_tokens_are_the_normalised_text_but_for_fallbacks(text: str) -> None:
    normalised, place = normalize(text, ORIGINAL.vocabulary.emoji), 0
    for token in ORIGINAL.tokenize(text):
        if normalised.startswith(token, place):
            place += len(token)
        elif not token.startswith("<|byte") or (normalised[place].encode()[-1] == int(token[6:-2])
                                                and len(normalised[place].encode()) > 0):
            place += 1
    assert place == len(normalised)


@given(st.text(alphabet=st.characters(categories=["Lo"], min_codepoint=0xAC00, max_codepoint=0xD7A3)))
def test_bytes_decode_to_themselves_in_profile_original(text: str) -> None:
    assert ORIGINAL.decode(ORIGINAL.encode(text)) == text
    assert set(HF.decode(HF.encode(text))) <= {"\ufffd"}


@given(TEXTS)
def test_streaming_equals_decoding(text: str) -> None:
    ids = ORIGINAL.encode(text)
    decoder = ORIGINAL.stream_decoder()
    pieces = [decoder.push(i) for i in ids]
    assert "".join(pieces) + decoder.flush() == ORIGINAL.decode(ids)


@given(st.lists(st.integers(0, len(ROWS) - 1), max_size=20))
def test_streaming_any_ids(ids: list[int]) -> None:
    decoder = ORIGINAL.stream_decoder()
    assert "".join(map(decoder.push, ids)) + decoder.flush() == ORIGINAL.decode(ids)


@given(TEXTS | st.text(max_size=12))
def test_streaming_holds_back_no_complete_character(text: str) -> None:
    """After each id all characters are out that its bytes complete: fewer than a character's bytes are held."""
    decoder, out = ORIGINAL.stream_decoder(), ""
    ids = ORIGINAL.encode(text.replace("<|byte", ""))  # whose bytes need not be UTF-8
    for place, token_id in enumerate(ids, start=1):
        out += decoder.push(token_id)
        held = ORIGINAL.decode_bytes(ids[:place]).removeprefix(out.encode("utf-8"))
        size = next((n for n, lead in ((2, 0xC0), (3, 0xE0), (4, 0xF0)) if held and held[0] & {
            2: 0xE0, 3: 0xF0, 4: 0xF8}[n] == lead), 1)
        assert len(held) < size
    assert decoder.flush() == ""


def test_streaming_gives_no_half_character_and_holds_back_no_whole_one() -> None:
    decoder = ORIGINAL.stream_decoder()
    assert [decoder.push(i) for i in ORIGINAL.encode("é한a")] == ["", "é", "", "", "한", "a"]
    assert [decoder.push(i) for i in ORIGINAL.encode("한")[:2]] == ["", ""]
    assert decoder.flush() == "\ufffd"


@pytest.mark.parametrize(("text", "same"), [
    ("慶應", "慶応"), ("渡邉", "渡辺"), ("①", "１"), ("壹", "一"), ("ｶ", "カ"), ("ゐ", "い"), ("😃", "😀"),
    ("(^^)", "(^_^)"), ("a\r\nb", "a\nb"), ("a\rb", "a\nb"), ("a\u3000b", "a b"), ("ラ—メン", "ラーメン"), ("−", "ー"),
    ("¿", "¡"), ("\u2000", "⯿")])
def test_what_is_lost(text: str, same: str) -> None:
    for tokenizer in (HF, ORIGINAL):
        assert tokenizer.encode(text) == tokenizer.encode(same)


def test_variants_encode_as_their_row_with_these_exceptions() -> None:
    exceptions = {variant for i, row in enumerate(ROWS) for variant in row[1:] if ORIGINAL.encode(variant) != [i]}
    # か゛ and ｶﾞ lose to か and ｶ, which have lower ids; 東京 belongs to another row; とうきょう is longer than three
    assert exceptions == {"とうきょう", "か゛", "き゛", "く゛", "カ゛", "ｶﾞ"}


def test_rows_that_their_own_text_does_not_reach() -> None:
    dead = {row[0] for i, row in enumerate(ROWS) if ORIGINAL.encode(row[0]) != [i]}
    # the last three lose to a prefix of theirs with a lower id; 東京 and ' stand in two rows
    assert dead == {"東京", "'", "である", "ですが", "日本語"}


def test_the_lowest_id_wins_not_the_longest() -> None:
    assert HF.tokenize("である") == ["であ", "る"]
    assert HF.tokenize("なのでそれで") == ["なので", "それで"]


@pytest.mark.parametrize(("token", "first", "last"), [
    ("<KIGOU>", 0xA2, 0xBF), ("<KIGOU>", 0x1C0, 0x1C3), ("<KIGOU>", 0x2B9, 0x2FF), ("<KIGOU>", 0x300, 0x362),
    ("<U2000U2BFF>", 0x2000, 0x2BFF)])
def test_the_ranges_of_symbols(token: str, first: int, last: int) -> None:
    for code in (first, (first + last) // 2, last):
        assert fallback(chr(code)) == [token]
    for code in {first - 1, last + 1} - {0x2FF, 0x300, 0xA1}:
        assert all(found.startswith("<|byte") for found in fallback(chr(code)))
    assert fallback("\xa1") == ["<KIGOU>"]
    assert fallback("\xa0") == ["<|byte194|>", "<|byte160|>"]


def own(folder: Path, rows: list[str], **settings: object) -> GPTNeoXJapaneseTokenizer:
    """A tokenizer of a few rows, and all bytes."""
    folder.mkdir(exist_ok=True)
    special = ["<SP>", "<BR>", "<TAB>", "<KIGOU>", "<U2000U2BFF>", *(f"<|byte{i}|>" for i in range(256)),
               "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.txt").write_text("\n".join([*rows, *special]), encoding="utf-8")
    (folder / "emoji.json").write_text('{"emoji": {}, "emoji_inv": {}}', encoding="utf-8")
    return GPTNeoXJapaneseTokenizer(folder / "vocab.txt", folder / "emoji.json", **settings)


def test_from_a_less_than_sign_the_longest_tag_of_three_or_more(tmp_path: Path) -> None:
    for profile in ("hf", "original"):
        tokenizer = own(tmp_path, ["<", "<a", "<ab", "<ab>", "x,<xy", "b"], profile=profile)
        assert tokenizer.tokenize("<ab>") == ["<ab>"]
        assert tokenizer.tokenize("<abc") == ["<ab", "<|byte99|>"]
        assert tokenizer.tokenize("<ax") == ["<", "<|byte97|>", "x"]
        assert tokenizer.tokenize("<xy") == ["<xy"]


def test_special_tokens_are_split_out_longest_first_in_profile_hf(tmp_path: Path) -> None:
    rows = ["a", "b", "aab", "[e]", "[e][f]"]
    tokenizer = own(tmp_path, rows, eos_token="[e]", pad_token="[e][f]")
    assert tokenizer.tokenize("a[e][f]b[e]a") == ["a", "[e][f]", "b", "[e]", "a"]
    tokenizer = own(tmp_path, rows, eos_token="b")
    assert tokenizer.tokenize("aab") == ["a", "a", "b"]
    assert own(tmp_path, rows, eos_token="b", profile="original").tokenize("aab") == ["a", "a", "b"]


def test_byte_rows_are_bytes_and_nothing_else(tmp_path: Path) -> None:
    tokenizer = own(tmp_path, ["<|byte256|>", "<|byte٣|>", "a"], profile="original")
    assert tokenizer.decode([0]) == "<|byte256|>"
    assert tokenizer.decode([1]) == "<|byte٣|>"
    assert tokenizer.decode(tokenizer.encode("é")) == "é"


def test_literal_tags_are_tags() -> None:
    for tokenizer in (HF, ORIGINAL):
        assert tokenizer.tokenize("a<SP>b<|endoftext|>") == ["a", "<SP>", "b", "<|endoftext|>"]
        assert tokenizer.tokenize("<S<|byte") == ["<", "S", "<", "|", "b", "y", "t", "e"]


def test_decoding() -> None:
    ids = [*HF.encode(" a\n "), HF.eos_token_id]
    assert HF.decode(ids) == "a\n <|endoftext|>"
    assert HF.decode(ids, skip_special_tokens=True) == "a"
    assert ORIGINAL.decode(ids, skip_special_tokens=True) == " a\n "
    assert HF.batch_decode(np.array([ids, ids]), skip_special_tokens=True) == ["a", "a"]
    assert HF.decode(HF.eos_token_id) == "<|endoftext|>"
    assert HF.decode([]) == ""


def test_converting() -> None:
    space = HF.convert_tokens_to_ids("<SP>")
    assert HF.convert_ids_to_tokens(space) == " "
    assert ORIGINAL.convert_ids_to_tokens([space]) == ["<SP>"]
    assert HF.convert_tokens_to_ids(["<SP>", "no such token"]) == [space, HF.unk_token_id]
    assert HF.convert_tokens_to_ids("no such token") == HF.unk_token_id
    assert HF.convert_ids_to_tokens(np.int64(space)) == " "
    assert HF.convert_ids_to_tokens([HF.eos_token_id, space], skip_special_tokens=True) == [" "]
    assert HF.convert_ids_to_tokens(HF.eos_token_id, skip_special_tokens=True) == "<|endoftext|>"
    assert (HF.bos_token_id, HF.eos_token_id) == (HF.all_special_ids[0], HF.pad_token_id)
    assert HF.all_special_tokens == ["<|startoftext|>", "<|endoftext|>"]


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_and_truncation(side: str) -> None:
    texts = ["猫", "猫と犬と鳥"]
    whole = HF(texts)
    assert [len(row) for row in whole.input_ids] == [1, 5]
    padded = HF(texts, padding=True, padding_side=side, return_tensors="np")
    assert padded.input_ids.shape == padded.attention_mask.shape == (2, 5)
    assert padded.attention_mask[0].tolist() == ([0, 0, 0, 0, 1] if side == "left" else [1, 0, 0, 0, 0])
    assert set(padded.input_ids[0][padded.attention_mask[0] == 0]) == {HF.pad_token_id}
    assert padded.input_ids.dtype == np.int64
    tokenizer = small_tokenizer(truncation_side=side, padding_side=side, model_max_length=4)
    kept = whole.input_ids[1][1:] if side == "left" else whole.input_ids[1][:4]
    assert tokenizer(texts, truncation=True).input_ids[1] == kept
    fixed = tokenizer(texts, truncation=True, max_length=2, padding="max_length")
    assert [len(row) for row in fixed.input_ids] == [2, 2]
    assert HF("猫", return_tensors="np").input_ids.shape == (1, 1)
    assert HF("", return_tensors="np").input_ids.shape == (1, 0)
    assert HF([]).input_ids == []
    assert tokenizer("猫と犬", truncation=True, max_length=0).input_ids == []
    assert HF("猫と犬", max_length=1).input_ids == HF.encode("猫")  # as in Hugging Face
    assert HF("猫と犬", max_length=1, truncation="do_not_truncate").input_ids == HF.encode("猫と犬")
    assert HF("猫と犬", max_length=1, truncation="longest_first").input_ids == HF.encode("猫")


@pytest.mark.parametrize(("arguments", "error", "message"), [
    ({"text": "a\ud800"}, ValueError, r"lone surrogate, U\+D800 at 1"),
    ({"text": 5}, TypeError, "a text must be a str, or a list of them, got int"),
    ({"text": b"a"}, TypeError, "a text must be a str, or a list of them, got bytes"),
    ({"text": ["a", None]}, TypeError, "a text must be a str, got NoneType"),
    ({"text": ["a", "bb"], "return_tensors": "np"}, ValueError, "rows of 1, 2 tokens cannot form one array"),
    ({"text": "a", "return_tensors": "pt"}, ValueError, 'return_tensors must be "np" or None, got \'pt\''),
    ({"text": "a", "padding": "left"}, ValueError, 'padding must be a bool, "longest" or "max_length", got \'left\''),
    ({"text": "a", "padding_side": "top"}, ValueError, "a side must be left or right, got 'top'"),
    ({"text": "a", "truncation": True}, ValueError, "give max_length"),
    ({"text": "a", "truncation": "bogus"}, ValueError, "truncation must be a bool, .* got 'bogus'"),
    ({"text": "a", "truncation": True, "max_length": -1}, ValueError, "a whole number, 0 or more, got -1"),
    ({"text": "a", "truncation": True, "max_length": 2.0}, ValueError, "a length must be a whole number"),
])
def test_refused(arguments: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        HF(**arguments)


@pytest.mark.parametrize("token_id", [-1, 810, 10**9])
def test_ids_that_are_none(token_id: int) -> None:
    message = f"{token_id} is no token id: they go from 0 to 809; do the tokenizer and the model belong together?"
    for use in (lambda: HF.decode([token_id]), lambda: ORIGINAL.convert_ids_to_tokens(token_id),
                lambda: HF.stream_decoder().push(token_id)):
        with pytest.raises(ValueError, match=re.escape(message)):
            use()


@pytest.mark.parametrize("ids", [[[1, 2]], [1.5], "a"])
def test_what_are_no_ids(ids: object) -> None:
    with pytest.raises(TypeError, match=r"one row of whole numbers, got .*; batch_decode takes rows"):
        HF.decode(ids)


@pytest.mark.parametrize(("settings", "message"), [
    ({"profile": "bpe"}, "profile must be one of hf, original, got 'bpe'"),
    ({"padding_side": "both"}, "a side must be left or right"),
    ({"eos_token": "</s>"}, "special token '</s>' is no row")])
def test_settings_that_cannot_be(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small_tokenizer(**{"profile": "hf", **settings})


def test_saving_and_loading(tmp_path: Path, tokenizer: GPTNeoXJapaneseTokenizer) -> None:
    tokenizer.padding_side = tokenizer.truncation_side = "left"
    tokenizer.model_max_length = 99
    tokenizer.pad_token = "<|nottoken|>"
    tokenizer.save_pretrained(tmp_path)
    again = GPTNeoXJapaneseTokenizer.from_pretrained(tmp_path)
    assert again.profile == tokenizer.profile
    assert again.vocabulary == tokenizer.vocabulary
    assert (again.padding_side, again.truncation_side, again.model_max_length) == ("left", "left", 99)
    assert again.pad_token == "<|nottoken|>"
    assert (tmp_path / "vocab.txt").read_bytes() == (VOCABULARY / "vocab.txt").read_bytes()
    assert GPTNeoXJapaneseTokenizer.from_pretrained(tmp_path, padding_side="right").padding_side == "right"


def test_the_config_that_hugging_face_writes(tmp_path: Path) -> None:
    HF.save_pretrained(tmp_path)
    special = {"content": "<|endoftext|>", "lstrip": False, "special": True}
    config = {"eos_token": special, "model_max_length": 10**30, "added_tokens_decoder": {"809": special}}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained(tmp_path)
    assert (tokenizer.eos_token, tokenizer.model_max_length) == ("<|endoftext|>", None)
    for foreign in ({"added_tokens_decoder": {"810": {"content": "<new>"}}}, {"additional_special_tokens": ["<new>"]},
                    {"extra_special_tokens": {"image": "<new>"}}, {"cls_token": "<new>"}):
        (tmp_path / "tokenizer_config.json").write_text(json.dumps({**config, **foreign}), encoding="utf-8")
        with pytest.raises(ValueError, match=r"adds tokens \['<new>'\], which is not implemented"):
            GPTNeoXJapaneseTokenizer.from_pretrained(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text('{"added_tokens_decoder": null}', encoding="utf-8")
    assert GPTNeoXJapaneseTokenizer.from_pretrained(tmp_path).eos_token == "<|endoftext|>"
    (tmp_path / "tokenizer_config.json").unlink()
    assert GPTNeoXJapaneseTokenizer.from_pretrained(tmp_path).profile.name == "hf"


@needs_shared
def test_profile_original_equals_its_own_encoder_with_the_32k_vocabulary() -> None:
    files = SHARED / "vocab32k" / "vocab.txt", SHARED / "vocab32k" / "emoji.json"
    tokenizer = GPTNeoXJapaneseTokenizer(*files, profile="original")
    lines = (SHARED / "vectors" / "original-32k.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    assert len(lines) == 2500
    for case in map(json.loads, lines):
        assert tokenizer.encode(case["text"]) == case["ids"], case["text"]
        assert tokenizer.decode(case["ids"]) == case["decoded"], case["text"]
    assert len(tokenizer) == 32000
    hf = GPTNeoXJapaneseTokenizer(*files)
    assert len(hf) == 31998
    assert hf.encode("吾輩は猫である🐯。実は慶応(慶應)大学出身") == [
        30014, 26883, 26638, 27228, 25, 26650, 31732, 31679, 27809, 26638, 17749, 31592, 17749, 31593, 321, 1281]


@needs_shared
def test_every_assigned_symbol_of_the_32k_vocabulary_is_total() -> None:
    files = SHARED / "vocab32k" / "vocab.txt", SHARED / "vocab32k" / "emoji.json"
    tokenizer = GPTNeoXJapaneseTokenizer(*files, profile="original")
    for code in range(0, 0x3000):
        character = chr(code)
        assert all(0 <= i < 32000 for i in tokenizer.encode(character)), unicodedata.name(character, "?")


@pytest.mark.parametrize(("settings", "message"), [
    ({"eos_token": ""}, "a special token must be a text of some length, got ''"),
    ({"unk_token": ["a"]}, "a special token must be a text of some length"),
    ({"model_max_length": -1}, "a length must be a whole number, 0 or more, got -1"),
    ({"model_max_length": "5"}, "a length must be a whole number, 0 or more, got '5'"),
])
def test_special_tokens_and_lengths_that_cannot_be(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        small_tokenizer(**settings)


def test_ids_from_an_iterator() -> None:
    tokenizer = small_tokenizer()
    ids = tokenizer.encode("慶応の猫")
    assert tokenizer.decode(iter(ids)) == tokenizer.decode(i for i in ids) == tokenizer.decode(tuple(ids)) == "慶応の猫"


@pytest.mark.parametrize("wrong", [1.0, "a", None])
def test_a_stream_takes_whole_numbers(wrong: object) -> None:
    with pytest.raises(TypeError):
        small_tokenizer().stream_decoder().push(wrong)
