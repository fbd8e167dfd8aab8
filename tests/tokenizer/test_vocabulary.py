"""The two files and the two profiles."""

import json
from pathlib import Path

import pytest
from neoxja_np import GPTNeoXJapaneseTokenizer
from neoxja_np.tokenizer.vocabulary import PROFILES
from neoxja_np.tokenizer.vocabulary_file import read_vocabulary
from tests.conftest import VOCABULARY, small_tokenizer


def write(folder: Path, rows: list[str], *, end: str = "", emoji: object = None) -> tuple[Path, Path]:
    (folder / "vocab.txt").write_text("\n".join(rows) + end, encoding="utf-8", newline="")
    (folder / "emoji.json").write_text(json.dumps(emoji or {"emoji": {}, "emoji_inv": {}}), encoding="utf-8")
    return folder / "vocab.txt", folder / "emoji.json"


def test_the_comma_row() -> None:
    hf, original = (small_tokenizer(profile).vocabulary for profile in ("hf", "original"))
    comma = original.ids[","]
    assert original.rows[comma] == [","]
    assert hf.rows[comma] == ["", ""]
    assert "," not in hf.ids
    assert hf.ids[""] == comma


def test_in_profile_hf_a_comma_row_survives_only_at_the_end_of_the_file(tmp_path: Path) -> None:
    for end, rows in (("", [["a"], [","]]), ("\n", [["a"], ["", ""]])):
        assert read_vocabulary(*write(tmp_path, ["a", ","], end=end), profile=PROFILES["hf"]).rows == rows
        original = read_vocabulary(*write(tmp_path, ["a", ","], end=end), profile=PROFILES["original"])
        assert original.rows == [["a"], [","]]


def test_lengths_differ_where_rows_are_equal() -> None:
    hf, original = small_tokenizer("hf"), small_tokenizer("original")
    assert len(original) == original.vocab_size == len(original.vocabulary.rows) == 810
    assert len(hf) == hf.vocab_size == len(hf.get_vocab()) == 809  # the row ' stands twice


def test_a_surface_in_two_rows_belongs_to_the_last() -> None:
    vocabulary = small_tokenizer().vocabulary
    rows = [i for i, row in enumerate(vocabulary.rows) if "東京" in row]
    assert len(rows) == 2
    assert vocabulary.ids["東京"] == rows[-1]


@pytest.mark.parametrize(("rows", "emoji", "message"), [
    (["a"], [1], "expected an object that maps strings to strings"),
    (["a"], {"emoji": {}}, '"emoji_inv"'),
    (["a"], {"emoji": {"x": 1}, "emoji_inv": {}}, '"emoji"'),
    ([""], None, "is empty; expected one row for each token id"),
    (["a", "b"], None, "special token '<|startoftext|>' is no row of"),
])
def test_files_that_cannot_be_used(tmp_path: Path, rows: list[str], emoji: object, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared below
        GPTNeoXJapaneseTokenizer(*write(tmp_path, rows, emoji=emoji))
    assert message in str(caught.value)


@pytest.mark.parametrize(("vocab", "emoji", "message"), [
    (b"a\n\xff\n", b"", r"vocab\.txt is not UTF-8: byte 0xff at 2"),
    ("\ufeffa\n".encode(), b"", r"vocab\.txt starts with a byte order mark"),
    (b"a\n" + b"b" * 1001 + b"\n", b"", r"line 2 of .* has a surface of 1,001 characters; expected at most 1,000"),
    (b"a\n", b"\xff", r"emoji\.json is not UTF-8"),
    (b"a\n", "\ufeff{}".encode(), r"emoji\.json starts with a byte order mark"),
    (b"a\n", b"{", r"emoji\.json cannot be used: Expecting"),
    (b"a\n", b"[" * 100_000, r"emoji\.json cannot be used: .*recursion"),
    (b"a\n", b'{"emoji": [], "emoji_inv": {}}', r'maps strings to strings under "emoji"'),
    (b"a\n", b'{"emoji": {}, "emoji_inv": {"x": null}}', r'maps strings to strings under "emoji_inv"'),
    (b"a\n", b'{"emoji": {"": "<x>"}, "emoji_inv": {}}', "an empty key would be found everywhere"),
    (b"a\n", b'{"emoji": {"x": "1", "x": "2"}, "emoji_inv": {}}', "the key 'x' stands twice in one object"),
    (b"a\n", b'{"emoji": {"\\ud83d": "<x>"}, "emoji_inv": {}}', r"a lone surrogate, U\+D83D"),
    (b"a\n", b'{"emoji": {}, "emoji_inv": {"<x>": "\\udc00"}}', r"a lone surrogate, U\+DC00"),
])
def test_broken_files_are_refused(tmp_path: Path, vocab: bytes, emoji: bytes, message: str) -> None:
    (tmp_path / "vocab.txt").write_bytes(vocab)
    (tmp_path / "emoji.json").write_bytes(emoji or b'{"emoji": {}, "emoji_inv": {}}')
    with pytest.raises(ValueError, match=message):
        read_vocabulary(tmp_path / "vocab.txt", tmp_path / "emoji.json", profile=PROFILES["hf"])


def test_a_huge_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neoxja_np.tokenizer.vocabulary_file.MAX_BYTES", 99)
    with pytest.raises(ValueError, match=r"vocab\.txt has 101 bytes; expected at most 99"):
        read_vocabulary(*write(tmp_path, ["a"] * 51), profile=PROFILES["hf"])
    monkeypatch.setattr("neoxja_np.tokenizer.vocabulary_file.read_text", None)
    with pytest.raises(TypeError):  # of the size that may be, it would be read
        read_vocabulary(*write(tmp_path, ["a"] * 50), profile=PROFILES["hf"])


SPECIAL = ["<|startoftext|>", "<|endoftext|>"]


def test_what_is_accepted_by_a_stated_rule(tmp_path: Path) -> None:
    def tokenizer(rows: list[str], *, end: str = "", emoji: object = None) -> GPTNeoXJapaneseTokenizer:
        return GPTNeoXJapaneseTokenizer(*write(tmp_path, rows, end=end, emoji=emoji), profile="original")

    assert tokenizer(["a", "a", *SPECIAL]).encode("a") == [1]  # the last one counts
    assert tokenizer(["a", "", "b,,c", *SPECIAL]).encode("abc") == [0, 2, 2]  # empty ones are reached by nothing
    assert tokenizer(["a", *SPECIAL]).encode("é¡▲") == [2, 2, 2, 2]  # unk_token for bytes and tags that are missing
    assert tokenizer(["<x>", *SPECIAL], emoji={"emoji": {"😀": "<x>"}, "emoji_inv": {}}).decode([0]) == "<x>"
    assert tokenizer(["b" * 1000, *SPECIAL]).vocabulary.longest == 1000
    (tmp_path / "vocab.txt").write_bytes("\r\n".join(["猫", "犬", *SPECIAL]).encode() + b"\r\n")
    assert GPTNeoXJapaneseTokenizer(tmp_path / "vocab.txt", tmp_path / "emoji.json").encode("犬猫") == [1, 0]


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"vocab\.txt"):
        GPTNeoXJapaneseTokenizer(tmp_path / "vocab.txt", VOCABULARY / "emoji.json")
    with pytest.raises(FileNotFoundError, match=r"emoji\.json"):
        GPTNeoXJapaneseTokenizer(VOCABULARY / "vocab.txt", tmp_path / "emoji.json")
