"""What an exercise is, and how an answer is judged: at once, with the misconception by its name."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

CASES = 20
ROOM = 300  # characters of an argument or a result that are shown


@dataclass(frozen=True)
class Misconception:
    """A way to go wrong, as a function that does, and what is said to who did."""

    wrong: Callable[..., Any]
    english: str
    japanese: str


@dataclass(frozen=True)
class Exercise:
    """A function to be written; who calls it with a candidate is told how it did."""

    name: str
    solution: Callable[..., Any]
    case: Callable[[np.random.Generator], tuple[Any, ...]]  # the arguments of one case
    misconceptions: tuple[Misconception, ...] = ()
    tolerance: float = 1e-9

    def __call__(self, mine: Callable[..., Any]) -> "Verdict":
        """Tries `mine` on CASES cases, the same each time, beside the solution."""
        rng = np.random.default_rng(0)
        cases = [self.case(rng) for _ in range(CASES)]
        expected = [self.solution(*copy.deepcopy(each)) for each in cases]
        got: list[Any] = []
        for arguments in cases:
            got.append(attempt(mine, arguments))
            if isinstance(error := got[-1], Exception):
                return self.failed(f"your function stopped with {type(error).__name__}: {error}",
                                   f"関数が {type(error).__name__} で止まりました: {error}", arguments)
        right = [self.same(*pair) for pair in zip(got, expected, strict=True)]
        if all(right):
            return Verdict(True, f"{self.name}: right, in {CASES} of {CASES} cases.",
                           f"{CASES} 個の例すべてで正しい答えです。")
        if all(value is None for value in got):
            return Verdict(False, f"{self.name}: not written yet, or return is missing: it gives None.",
                           "まだ書かれていません（または return がありません）。None が返ってきました。")
        for each in self.misconceptions:
            if all(self.same(value, attempt(each.wrong, arguments))
                   for value, arguments in zip(got, cases, strict=True)):
                return Verdict(False, f"{self.name}: {each.english}", each.japanese)
        first = right.index(False)
        return self.failed(
            f"expected {shown(expected[first])}, got {shown(got[first])}",
            f"正しくは {shown(expected[first])} ですが、{shown(got[first])} になりました。", cases[first])

    def same(self, value: Any, expected: Any) -> bool:
        """Whether two results are equal, numbers within the tolerance."""
        if isinstance(expected, (str, bytes, bool)) or not numeric(expected):
            return type(value) is type(expected) and bool(value == expected)
        if not numeric(value) or np.shape(value) != np.shape(expected):
            return False
        return bool(np.allclose(value, expected, rtol=self.tolerance, atol=self.tolerance,
                                equal_nan=True))

    def failed(self, english: str, japanese: str, arguments: tuple[Any, ...]) -> "Verdict":
        """A verdict with the case that it is about."""
        given = ", ".join(map(shown, arguments))
        return Verdict(False, f"{self.name}: {english}\n  with {given}", f"{japanese}\n  引数: {given}")


@dataclass(frozen=True, repr=False)
class Verdict:
    """What is said of an answer, in two languages; true where it is right."""

    right: bool
    english: str
    japanese: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return f"{'✓' if self.right else '✗'} {self.english}\n  {self.japanese}"


def numeric(value: Any) -> bool:
    """Whether a value is a number or an array, list or tuple of numbers, all of one shape."""
    try:
        return np.asarray(value).dtype.kind in "iufb"
    except ValueError:  # of rows that differ in length
        return False


def attempt(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """What a function gives, or the error that it raises; NumPy does not warn meanwhile."""
    try:
        with np.errstate(all="ignore"):
            return function(*copy.deepcopy(arguments))
    except Exception as error:  # whatever a learner's code may do
        return error


def shown(value: Any) -> str:
    """A value on as few lines as it needs, cut where it is long."""
    if callable(value):
        return str(value.__name__)
    text = np.array2string(value, precision=4) if isinstance(value, np.ndarray) else repr(value)
    return text if len(text) <= ROOM else text[:ROOM] + " …"
