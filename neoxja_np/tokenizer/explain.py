"""How a text became its tokens, step by step: for readers and tools, not for speed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from neoxja_np.tokenizer.clean_linear import clean_rules
from neoxja_np.tokenizer.edits import Edit, Step
from neoxja_np.tokenizer.emoji import EmojiIndex, find_emoji
from neoxja_np.tokenizer.normalize import REPLACEMENTS
from neoxja_np.tokenizer.subword import is_tag

DASHES = [old for old, new in REPLACEMENTS.items() if new == "ー"]
SPACES = [old for old in REPLACEMENTS if old not in DASHES]


@dataclass(frozen=True)
class Normalization:
    """A text, the steps that changed it, and what they left."""

    source: str
    text: str
    steps: list[Step]  # only those that changed something

    def __str__(self) -> str:
        lines = [f"source  {self.source!r}"]
        for step in self.steps:
            changes = ", ".join(f"{step.before[edit.start:edit.end]!r} → {edit.new!r}"
                                for edit in step.edits)
            lines += [f"{step.name}: {changes}", f"        {step.after!r}"]
        return "\n".join(lines)


@dataclass(frozen=True)
class Choice:
    """One place of a text: what matched there, and what was taken."""

    start: int                        # in the source text
    end: int
    source: str                       # source text [start:end]
    candidates: list[tuple[str, int]]  # surfaces that match and their ids, the longest first
    tokens: list[str]                 # taken: one of them, or a fallback
    ids: list[int]
    rule: str                         # why
    decoded: str                      # what the ids give back

    @property
    def lossy(self) -> bool:
        """Whether decoding gives something else than stood there."""
        return self.decoded != self.source

    def __str__(self) -> str:
        taken = " ".join(f"{token} {i}" for token, i in zip(self.tokens, self.ids, strict=True))
        others = [f"{surface} {i}" for surface, i in self.candidates if surface not in self.tokens]
        line = f"{self.start:4}  {self.source!r} → {taken}  ({self.rule})"
        line += f"  not {', '.join(others)}" if others else ""
        return line + (f"  decodes to {self.decoded!r}" if self.lossy else "")


class Explanation(list[Choice]):
    """The choices of a text from left to right; printed, one a line."""

    def __str__(self) -> str:
        return "\n".join(map(str, self))


def replace_steps(text: str, names: Iterable[tuple[str, list[str]]]) -> list[Step]:
    """Each named group of REPLACEMENTS as a step."""
    steps = []
    for name, olds in names:
        found = re.finditer("|".join(map(re.escape, olds)), text)
        steps.append(Step(name, text, [Edit(*match.span(), REPLACEMENTS[match[0]])
                                       for match in found]))
        text = steps[-1].after
    return steps


def emoji_steps(text: str, index: EmojiIndex) -> list[Step]:
    """All emoji in one step; one step a key where a key could meet a tag that another left."""
    if index.apart:
        return [Step("emoji", text, find_emoji(text, index))]
    steps = []
    for key, tag in index.emoji.items():
        found = re.finditer(re.escape(key), text)
        steps.append(Step(f"emoji {key}", text, [Edit(*match.span(), tag) for match in found]))
        text = steps[-1].after
    return steps


def normalize_steps(text: str, index: EmojiIndex, *, clean: str | None) -> list[Step]:
    """The steps of normalize_at_once(), then those of clean() for the profile named, if any.

    The same steps for every text, also where they change nothing.
    """
    steps = replace_steps(text, [("white space", SPACES), ("dashes", DASHES)])
    steps += emoji_steps(steps[-1].after, index)
    for name, find in clean_rules(clean) if clean else []:
        text = steps[-1].after
        steps.append(Step(name, text, find(text)))
    return steps


def join_steps(parts: list[tuple[str, list[Step]]]) -> list[Step]:
    """The steps of a text from those of its parts, the same in number and kind for each.

    A part is what stays as it is, then what the steps change; one of the two is empty.
    """
    joined = []
    for number, same in enumerate(parts[0][1]):
        before, edits = "", []
        for kept, steps in parts:
            before += kept
            edits += [Edit(edit.start + len(before), edit.end + len(before), edit.new)
                      for edit in steps[number].edits]
            before += steps[number].before
        joined.append(Step(same.name, before, edits))
    return joined


def name_rule(tokens: list[str], candidates: list[str], *, special: bool) -> str:
    """Why some tokens were taken, in words."""
    if special:
        return "special token"
    if not candidates:
        return "UTF-8 bytes" if tokens[0].startswith("<|byte") else "range of symbols"
    if len(candidates) == 1:
        return "only match"
    return "longest tag" if is_tag(tokens[0]) else "lowest id"
