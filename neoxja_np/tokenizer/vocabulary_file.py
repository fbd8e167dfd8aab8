"""vocab.txt and emoji.json, read strictly.

Refused: what is no UTF-8 or no JSON, a byte order mark, a file of more than MAX_BYTES, a surface of
more than MAX_LENGTH characters, and in emoji.json a key that is empty or stands twice, a lone
surrogate, or anything but strings. Accepted, as in Hugging Face's tokenizer: equal rows and
surfaces (the last one counts), empty rows (which no text reaches), line ends of any system, and
files without some bytes or tags, in whose place unk_token stands. Where emoji.json has no inverse
for a tag, the tag decodes to itself (there it is a KeyError).
"""

import json
from pathlib import Path
from typing import Any

from neoxja_np.files import read_text
from neoxja_np.tokenizer.vocabulary import Profile, Vocabulary

MAX_BYTES = 64 * 2**20  # the real vocab.txt has 1.2 million
MAX_LENGTH = 1000       # characters of a surface; the work at each "<" grows with it


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
    vocab_text, emoji_text = read_checked(Path(vocab_file)), read_checked(Path(emoji_file))
    emoji, emoji_inverse = read_emoji(emoji_text, emoji_file)
    lines = vocab_text.split("\n")
    closed = lines[-1] == ""
    lines = lines[:-1] if closed else lines
    rows = [split_row(line, is_last=i == len(lines) - 1 and not closed, profile=profile)
            for i, line in enumerate(lines)]
    ids = index_surfaces(rows)
    if not ids:
        raise ValueError(f"{vocab_file} is empty; expected one row for each token id")
    longest = max(map(len, ids))
    if longest > MAX_LENGTH:
        row = next(i for i, row in enumerate(rows) if max(map(len, row)) == longest)
        raise ValueError(f"line {row + 1} of {vocab_file} has a surface of {longest:,} characters; "
                         f"expected at most {MAX_LENGTH:,}: is it a vocabulary?")
    return Vocabulary(rows=rows, ids=ids, longest=longest, emoji=emoji, emoji_inverse=emoji_inverse,
                      files={"vocab.txt": vocab_text, "emoji.json": emoji_text})


def read_checked(path: Path) -> str:
    """A text of reasonable size without a byte order mark. Raises FileNotFoundError, ValueError."""
    if path.is_file() and path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path} has {path.stat().st_size:,} bytes; expected at most "
                         f"{MAX_BYTES:,}: is it the right file?")
    text = read_text(path)
    if text.startswith("\ufeff"):
        raise ValueError(f"{path} starts with a byte order mark, which would become part of its "
                         "content; save it as UTF-8 without one")
    return text


def read_emoji(text: str, path: str | Path) -> tuple[dict[str, str], dict[str, str]]:
    """From emoji to tag, and from tag to emoji. Raises ValueError."""
    try:
        maps = json.loads(text, object_pairs_hook=unique)
        for name in ("emoji", "emoji_inv"):
            if not isinstance(maps, dict) or not isinstance(maps.get(name), dict) or not all(
                    isinstance(value, str) for value in maps[name].values()):
                raise ValueError(f'expected an object that maps strings to strings under "{name}"')
        if "" in maps["emoji"]:
            raise ValueError("an empty key would be found everywhere")
        for name in ("emoji", "emoji_inv"):
            "".join([*maps[name], *maps[name].values()]).encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"{path}: a lone surrogate, U+{ord(error.object[error.start]):04X}, "
                         "which is no character") from None
    except (ValueError, RecursionError) as error:  # of which JSONDecodeError is one
        raise ValueError(f"{path} cannot be used: {error}") from None
    return maps["emoji"], maps["emoji_inv"]


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. Raises ValueError for a key that stands twice: readers would not agree."""
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return record
