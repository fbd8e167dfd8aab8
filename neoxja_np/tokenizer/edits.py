"""What a step of normalisation did to a text, and where each character came from."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from neoxja_np.arrays import IntArray


class Edit(NamedTuple):
    """text[start:end] becomes `new`. Edits of one step stand in order and do not overlap."""

    start: int
    end: int
    new: str


@dataclass(frozen=True)
class Step:
    """One step of normalisation."""

    name: str
    before: str
    edits: list[Edit]

    @property
    def after(self) -> str:
        """The text with the edits made."""
        return apply(self.before, self.edits)


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made."""
    pieces, end = [], 0
    for edit in edits:
        pieces += [text[end:edit.start], edit.new]
        end = edit.end
    return "".join([*pieces, text[end:]])


def spans(length: int, steps: Iterable[Step]) -> tuple[IntArray, IntArray]:
    """Where the characters left by some steps come from: starts [n], ends [n] in the first text.

    All that stands for an edit comes from all that it replaced.
    """
    starts = np.arange(length, dtype=np.int64)
    ends = starts + 1
    for step in steps:
        new_starts, new_ends, place = [], [], 0
        for edit in step.edits:
            new_starts += [starts[place:edit.start], np.repeat(starts[edit.start], len(edit.new))]
            new_ends += [ends[place:edit.start], np.repeat(ends[edit.end - 1], len(edit.new))]
            place = edit.end
        starts = np.concatenate([*new_starts, starts[place:]])
        ends = np.concatenate([*new_ends, ends[place:]])
    return starts, ends
