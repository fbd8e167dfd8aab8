"""The two files of a tokenizer, and the two ways in which they are read."""

from dataclasses import dataclass
from pathlib import Path

from neoxja_np.files import read_json, read_text


@dataclass(frozen=True)
class Profile:
    """What Hugging Face's tokenizer and Japanese-BPEEncoder_V2 do differently (quirks 12 to 16)."""

    name: str
    keeps_comma_row: bool         # else the row "," is split at its comma into two empty surfaces
    counts_equal_rows_once: bool  # in its length
    splits_special_tokens: bool   # out of the text, before anything else
    joins_bytes: bool             # when decoding; else each byte token is decoded alone
    strips: bool                  # white space at the ends of decoded text
    shows_tokens_decoded: bool    # in convert_ids_to_tokens; else as rows


PROFILES = {
    "hf": Profile(
        "hf", keeps_comma_row=False, counts_equal_rows_once=True, splits_special_tokens=True,
        joins_bytes=False, strips=True, shows_tokens_decoded=True),
    "original": Profile(
        "original", keeps_comma_row=True, counts_equal_rows_once=False, splits_special_tokens=False,
        joins_bytes=True, strips=False, shows_tokens_decoded=False),
}


@dataclass(frozen=True)
class Vocabulary:
    """vocab.txt and emoji.json, read by a profile."""

    rows: list[list[str]]        # by id: the surfaces that encode to it; it decodes to the first
    ids: dict[str, int]          # of each surface: the last row that lists it
    longest: int                 # characters in the longest surface
    emoji: dict[str, str]        # from emoji or emoticon to its tag, in the file's order
    emoji_inverse: dict[str, str]  # from tag to the emoji that it decodes to
    files: dict[str, str]        # the two files' content, as it was

    def surface(self, token_id: int) -> str:
        """What a token id decodes from. Raises ValueError for one that is none."""
        if not 0 <= token_id < len(self.rows):
            raise ValueError(f"{token_id} is no token id: they go from 0 to {len(self.rows) - 1}; "
                             "do the tokenizer and the model belong together?")
        return self.rows[token_id][0]


def split_row(row: str, *, is_last: bool, profile: Profile) -> list[str]:
    """A row's surfaces.

    Hugging Face compares the row with its newline, so "," alone is a row only at the file's end.
    """
    whole = "," not in row or (row == "," and (profile.keeps_comma_row or is_last))
    return [row] if whole else row.split(",")


def index_surfaces(rows: list[list[str]]) -> dict[str, int]:
    """The id of each surface; one that stands in several rows belongs to the last."""
    return {surface: i for i, row in enumerate(rows) for surface in row}


def read_vocabulary(vocab_file: str | Path, emoji_file: str | Path, *,
                    profile: Profile) -> Vocabulary:
    """A row a line, its surfaces between commas; and two maps in JSON, "emoji" and "emoji_inv".

    A newline at the very end closes the last row and opens no further one.
    Raises FileNotFoundError, ValueError.
    """
    vocab_text, emoji_text = read_text(Path(vocab_file)), read_text(Path(emoji_file))
    maps = read_json(Path(emoji_file))
    for name in ("emoji", "emoji_inv"):
        if not isinstance(maps.get(name), dict) or not all(
                isinstance(v, str) for v in maps[name].values()):
            raise ValueError(f'{emoji_file} must map strings to strings under "{name}"')
    lines = vocab_text.split("\n")
    closed = lines[-1] == ""
    lines = lines[:-1] if closed else lines
    rows = [split_row(line, is_last=i == len(lines) - 1 and not closed, profile=profile)
            for i, line in enumerate(lines)]
    ids = index_surfaces(rows)
    if not ids:
        raise ValueError(f"{vocab_file} is empty; expected one row for each token id")
    return Vocabulary(rows=rows, ids=ids, longest=max(map(len, ids)), emoji=maps["emoji"],
                      emoji_inverse=maps["emoji_inv"],
                      files={"vocab.txt": vocab_text, "emoji.json": emoji_text})
