"""Lists of ids made into one rectangle: truncated, padded, masked."""

from typing import Any

import numpy as np

from neoxja_np.arrays import IntArray

SIDES = ("left", "right")


class BatchEncoding(dict[str, Any]):
    """What a tokenizer returns: a dict for `model(**encoding)`, its two entries attributes too."""

    @property
    def input_ids(self) -> Any:
        """list[int], list[list[int]], or np.int64 [B, L]."""
        return self["input_ids"]

    @property
    def attention_mask(self) -> Any:
        """Of the same shape as input_ids: 1 at tokens, 0 at padding."""
        return self["attention_mask"]


def truncate(ids: list[int], max_length: int, side: str) -> list[int]:
    """At most max_length ids, taken away at `side`."""
    return ids[max(len(ids) - max_length, 0):] if side == "left" else ids[:max_length]


def pad(ids: list[int], length: int, filler: int, side: str) -> list[int]:
    """At least `length` ids, filled up at `side`."""
    filling = [filler] * (length - len(ids))
    return filling + ids if side == "left" else ids + filling


def as_array(rows: list[list[int]]) -> IntArray:
    """[B, L]. Raises ValueError where rows differ in length."""
    if len({len(row) for row in rows}) > 1:
        raise ValueError(
            f"rows of {', '.join(str(len(row)) for row in rows)} tokens are no array: "
            "give padding=True")
    return np.array(rows, dtype=np.int64)
