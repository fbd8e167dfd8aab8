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
    keeps: bool = False  # whether the arguments must stay as they are

    def __call__(self, mine: Callable[..., Any]) -> "Verdict":
        """Tries `mine` on CASES cases, the same each time, beside the solution."""
        rng = np.random.default_rng(0)
        cases = [self.case(rng) for _ in range(CASES)]
        expected = [self.solution(*copy.deepcopy(each)) for each in cases]
        got: list[Any] = []
        changed = False
        for arguments in cases:
            given = copy.deepcopy(arguments)
            got.append(attempt(mine, given))
            changed |= self.keeps and not all(map(self.same, given, arguments))
            if isinstance(error := got[-1], Exception):
                return self.failed(f"your function stopped with {type(error).__name__}: {error}",
                                   f"関数が {type(error).__name__} で止まりました: {error}", arguments)
        right = [self.same(*pair) for pair in zip(got, expected, strict=True)]
        if all(right) and changed:
            return Verdict(False, f"{self.name}: the numbers are right, but the array that was given is "
                                  "changed as well. Work on a copy: x.copy(), not y = x or y = x[:].",
                           "値は合っていますが、渡された配列まで書き換えています。x.copy() でコピーしたものを使ってください"
                           "（y = x や y = x[:] ではコピーになりません）。")
        if all(right):
            return Verdict(True, f"{self.name}: right, in {CASES} of {CASES} cases.",
                           f"{CASES} 個の例すべてで正しい答えです。")
        if all(value is None for value in got):
            return Verdict(False, f"{self.name}: not written yet, or return is missing: it gives None.",
                           "まだ書かれていません（または return がありません）。None が返ってきました。")
        for each in self.misconceptions:
            if all(self.same(value, attempt(each.wrong, copy.deepcopy(arguments)))
                   for value, arguments in zip(got, cases, strict=True)):
                return Verdict(False, f"{self.name}: {each.english}", each.japanese)
        first = right.index(False)
        shapes = [np.shape(value[first]) if numeric(value[first]) else None for value in (expected, got)]
        if None not in shapes and shapes[0] != shapes[1]:
            return self.failed(f"expected shape {shapes[0]}, got shape {shapes[1]}",
                               f"正しい形は {shapes[0]} ですが、{shapes[1]} になりました。", cases[first])
        return self.failed("not right yet", "答えが違います。", cases[first],
                           f"\n  expected {shown(expected[first])}\n  got {shown(got[first])}")

    def same(self, value: Any, expected: Any) -> bool:
        """Whether two results are equal, numbers within the tolerance."""
        if isinstance(expected, (str, bytes, bool)) or not numeric(expected):
            return type(value) is type(expected) and bool(value == expected)
        if not numeric(value) or np.shape(value) != np.shape(expected):
            return False
        return bool(np.allclose(value, expected, rtol=self.tolerance, atol=self.tolerance,
                                equal_nan=True))

    def failed(self, english: str, japanese: str, arguments: tuple[Any, ...], values: str = "") -> "Verdict":
        """A verdict with the case that it is about, once for both languages."""
        given = ", ".join(map(shown, arguments))
        return Verdict(False, f"{self.name}: {english}", f"{japanese}{values}\n  with {given}")


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
            return function(*arguments)
    except Exception as error:  # whatever a learner's code may do
        return error


def shown(value: Any) -> str:
    """A value on as few lines as it needs, cut where it is long."""
    if callable(value):
        return str(value.__name__)
    value = value.item() if isinstance(value, np.generic) else value
    text = np.array2string(value, precision=4) if isinstance(value, np.ndarray) else repr(value)
    return text if len(text) <= ROOM else text[:ROOM] + " …"
