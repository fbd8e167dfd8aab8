"""What a tokenizer knows, and the two ways in which its files are read."""

from dataclasses import dataclass


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
