"""Choices by chance: seeded, the same on every machine, and counted."""

import math
import random
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """What a text is made with. Every choice goes through here, so `bits` is what the text cost.

    The entropy of the choices is an upper bound on that of the texts: where two rows of choices give one
    text, the text is likelier than either. What is drawn and thrown away does not count (who throws it away
    sets `bits` back): that can only make the text likelier. Built on random() alone, the one method of Python's
    generator that is promised never to change.
    """

    def __init__(self, seed: int | str) -> None:
        self._random = random.Random(seed)
        self.bits = 0.0

    def number(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        self.bits += math.log2(high - low + 1)
        return low + int(self._random.random() * (high - low + 1))

    def one(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self.number(0, len(options) - 1)]

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """`count` different ones, in an order by chance."""
        left = list(options)
        return [left.pop(self.number(0, len(left) - 1)) for _ in range(count)]

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        found = self._random.random() < probability
        self.bits -= math.log2(probability if found else 1 - probability)
        return found

    def weighted(self, options: Sequence[tuple[float, T]]) -> T:
        """One of the options, each as likely as its weight says."""
        bounds = [*accumulate(weight for weight, _ in options)]
        place = bisect(bounds, self._random.random() * bounds[-1])
        weight, option = options[min(place, len(options) - 1)]
        self.bits -= math.log2(weight / bounds[-1])
        return option


@dataclass(frozen=True)
class Text:
    """One text of the corpus."""

    kind: str   # "story", "events", "meeting", "voice", "topic", "question", "sum", "list"
    text: str   # without a newline at its end
    cues: list[tuple[int, str]] = field(default_factory=list)  # text[:place] leaves no other answer


@dataclass(frozen=True)
class Probe:
    """A question to a model: its greedy continuation of the prompt must begin with the answer."""

    prompt: str
    answer: str
