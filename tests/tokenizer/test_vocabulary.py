"""The two files and the two profiles."""

import json
from pathlib import Path

import pytest
from neoxja_np import GPTNeoXJapaneseTokenizer
from neoxja_np.tokenizer.vocabulary import PROFILES, read_vocabulary
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
    (["a"], [1], "must hold one JSON object, got list"),
    (["a"], {"emoji": {}}, '"emoji_inv"'),
    (["a"], {"emoji": {"x": 1}, "emoji_inv": {}}, '"emoji"'),
    ([""], None, "is empty; expected one row for each token id"),
    (["a", "b"], None, "special token '<|startoftext|>' is no row of"),
])
def test_files_that_cannot_be_used(tmp_path: Path, rows: list[str], emoji: object, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared below
        GPTNeoXJapaneseTokenizer(*write(tmp_path, rows, emoji=emoji))
    assert message in str(caught.value)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"vocab\.txt"):
        GPTNeoXJapaneseTokenizer(tmp_path / "vocab.txt", VOCABULARY / "emoji.json")
    with pytest.raises(FileNotFoundError, match=r"emoji\.json"):
        GPTNeoXJapaneseTokenizer(VOCABULARY / "vocab.txt", tmp_path / "emoji.json")
