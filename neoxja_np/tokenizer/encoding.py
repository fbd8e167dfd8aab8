"""Lists of ids made into one rectangle: truncated, padded, masked."""

from numbers import Integral
from typing import Any, TypeVar

import numpy as np

from neoxja_np.arrays import IntArray

SIDES = ("left", "right")
T = TypeVar("T")


class BatchEncoding(dict[str, Any]):
    """What a tokenizer returns: a dict for `model(**encoding)`, its entries attributes too."""

    @property
    def input_ids(self) -> Any:
        """list[int], list[list[int]], or np.int64 [B, L]."""
        return self["input_ids"]

    @property
    def attention_mask(self) -> Any:
        """Of the same shape as input_ids: 1 at tokens, 0 at padding."""
        return self["attention_mask"]

    @property
    def offset_mapping(self) -> Any:
        """Of input_ids' shape, pairs: where in the text each token's part begins and ends."""
        return self["offset_mapping"]


def check_side(side: str) -> str:
    """"left" or "right". Raises ValueError."""
    if side not in SIDES:
        raise ValueError(f"a side must be left or right, got {side!r}")
    return side


def padded_length(lengths: list[int], padding: bool | str, limit: int | None) -> int:
    """To how many tokens rows of these lengths are to be padded. Raises ValueError."""
    if padding in (True, "longest"):
        return max(lengths, default=0)
    if padding in (False, "do_not_pad"):
        return 0
    if padding == "max_length":
        return checked_limit(limit)
    raise ValueError(f'padding must be a bool, "longest" or "max_length", got {padding!r}')


def truncates(truncation: bool | str | None, padding: bool | str, max_length: int | None) -> bool:
    """Whether rows are to be truncated, with Hugging Face's words for it. Raises ValueError."""
    if truncation is None:
        return max_length is not None and padding in (False, "do_not_pad")
    if truncation in (True, "longest_first", "only_first"):
        return True
    if truncation in (False, "do_not_truncate"):
        return False
    raise ValueError('truncation must be a bool, "longest_first" or "only_first", '
                     f"got {truncation!r}")


def checked_limit(limit: int | None) -> int:
    """A length to truncate or pad to. Raises ValueError where none is known, or it is none."""
    if limit is None:
        raise ValueError("give max_length: this tokenizer knows no length to truncate or pad to")
    if not isinstance(limit, Integral) or limit < 0:
        raise ValueError(f"a length must be a whole number, 0 or more, got {limit!r}")
    return int(limit)


def truncate(ids: list[T], limit: int, side: str) -> list[T]:
    """At most `limit` entries, the others taken away at `side`."""
    return ids[max(len(ids) - limit, 0):] if side == "left" else ids[:limit]


def pad(ids: list[T], length: int, filler: T, side: str) -> list[T]:
    """At least `length` entries, filled up at `side`."""
    filling = [filler] * (length - len(ids))
    if not filling:
        return ids  # a copy of ten million takes its time
    return filling + ids if side == "left" else ids + filling


def as_array(rows: list[list[Any]]) -> IntArray:
    """[B, L], of pairs [B, L, 2]. Raises ValueError where rows differ in length."""
    if len({len(row) for row in rows}) > 1:
        lengths = ", ".join(str(len(row)) for row in rows)
        raise ValueError(f"rows of {lengths} tokens cannot form one array: give padding=True")
    return np.array(rows, dtype=np.int64)
