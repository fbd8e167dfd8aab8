"""The known mistake that makes the reference answer as a failing port does."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from neoxja_np.oracle.mistakes import MISTAKES, inject
from neoxja_np.oracle.tokenizer_suite.vectors import Vector, load_tokenizer, load_vectors

Answer = tuple[Any, Any]    # ids and decoded text; None for what was not answered, or an error
Answers = dict[str, Answer]  # by the vector's id


@dataclass(frozen=True)
class Verdict:
    """What explains a port's answers."""

    kind: str            # CLEAN, NAMED, NAMED CLASS or UNKNOWN
    names: list[str]     # of the mistakes; in UNKNOWN the nearest
    wrong: int           # answers that are not the reference's
    explained: float     # the share of those that the names reproduce

    def __str__(self) -> str:
        if self.kind == "CLEAN":
            return self.kind
        share = f"{self.explained:.0%} of {self.wrong} wrong answers"
        if self.kind != "UNKNOWN":
            first = f"{self.kind} {', '.join(self.names)}: {share} explained"
        elif self.names:
            first = (f"UNKNOWN: the nearest is {', '.join(self.names)}, with {share}; perhaps one "
                     "of several mistakes")
        else:
            first = "UNKNOWN: no known mistake gives any of these answers"
        return "\n".join([first, *(f"  {name}: {MISTAKES[name].summary}" for name in self.names)])


def tokenizer_mistakes(profile: str) -> list[str]:
    """The names of the mistakes that a port of a profile can make."""
    families = ("tokenizer", f"tokenizer {profile}")
    return [name for name, mistake in MISTAKES.items() if mistake.family in families]


def answers_with(name: str, folder: Path, profile: str, vectors: Sequence[Vector]) -> Answers:
    """What a port with one mistake answers: its ids for each text, its text for the right ids."""
    with inject(name):
        tokenizer = load_tokenizer(folder, profile)
        return {vector.id: (
            vector.ids if vector.text is None else tokenizer.encode(vector.text),
            tokenizer.decode(vector.ids)) for vector in vectors}


@cache
def known_answers(name: str, folder: Path, profile: str) -> Answers:
    """Those to all vectors of a vocabulary, found once."""
    return answers_with(name, folder, profile, load_vectors(folder, profile))


def given(answer: Answer, got: Answer) -> Answer:
    """Of an answer, the parts that a port has given too."""
    (ids, decoded), (their_ids, their_decoded) = answer, got
    return None if their_ids is None else ids, None if their_decoded is None else decoded


def name_mistake(got: Answers, vectors: Sequence[Vector], folder: Path, profile: str) -> Verdict:
    """Names what reproduces all that a port answered; a class where several do.

    `vectors` are those that it answered, or a part of them.
    """
    right = {vector.id: given((vector.ids, vector.decoded), got[vector.id]) for vector in vectors}
    wrong = {name for name in right if got[name] != right[name]}
    if not wrong:
        return Verdict("CLEAN", [], 0, 1.0)
    shares = {}
    for name in tokenizer_mistakes(profile):
        known = known_answers(name, folder, profile)
        theirs = {each: given(known[each], got[each]) for each in right}
        agreed = sum(got[each] == theirs[each] for each in wrong)
        strayed = sum(theirs[each] != right[each] for each in right.keys() - wrong)
        shares[name] = max(0, agreed - strayed) / len(wrong)
    full = [name for name, share in shares.items() if share == 1.0]
    if full:
        return Verdict("NAMED" if len(full) == 1 else "NAMED CLASS", full, len(wrong), 1.0)
    best = max(shares, key=lambda name: shares[name])
    return Verdict("UNKNOWN", [best] if shares[best] else [], len(wrong), shares[best])
