"""The exercises of notebook 12: a port beside the reference. And two ports, each with a mistake that is not told."""

import codecs
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.learn.exercise import Exercise, Misconception

PORTS = {"A": "ya_qqbs1", "B": "fbsgznk_sc16"}  # in rot13, so that nobody reads it by accident


def port(letter: str) -> str:
    """What oracle.inject() needs to play port A or B. Do not print it: find it."""
    return codecs.decode(PORTS[letter], "rot13")


# ---- a deviation in floors ----

def floors_of(got: Array, expected: Array, floor: float) -> float:
    """How far `got` lies from `expected`: the length of the difference, relative to what is expected, in floors."""
    return float(np.linalg.norm(got - expected) / np.linalg.norm(expected) / floor)


def drawn_pair(rng: np.random.Generator) -> tuple[Array, Array, float]:
    """An activation with an error of a thousandth or so, the right one, and a floor."""
    expected = rng.normal(0, 10 ** rng.uniform(-1, 1), (3, 4))
    got = expected * (1 + rng.normal(0, 1e-3, (3, 4)))
    return got, expected, float(rng.uniform(1e-7, 4e-7))


in_floors = Exercise(
    "in_floors", floors_of, drawn_pair,
    (Misconception(lambda got, expected, floor: np.linalg.norm(got - expected) / floor,
                   "that is the length of the difference itself. What counts is how long it is beside the expected array.",
                   "それは差の長さそのものです。正しい配列の長さに対してどれだけかを求めてください。"),
     Misconception(lambda got, expected, floor: np.linalg.norm(got - expected) / np.linalg.norm(got) / floor,
                   "you divided by the length of the port's array. A wrong array is no measure: divide by the expected one's.",
                   "移植版の配列の長さで割っています。間違っているかもしれない配列は物差しになりません。正しい配列の長さで割ってください。"),
     Misconception(lambda got, expected, floor: np.abs(got - expected).max() / np.abs(expected).max() / floor,
                   "that is the largest difference over the largest number. L2 asks about all numbers together: np.linalg.norm.",
                   "それは最大の差を最大の値で割ったものです。L2 ではすべての数をまとめて考えます（np.linalg.norm）。"),
     Misconception(lambda got, expected, floor: abs(np.linalg.norm(got) - np.linalg.norm(expected))
                   / np.linalg.norm(expected) / floor,
                   "you compared two lengths. Two arrays of one length may have nothing else in common: first the difference, then its "
                   "length.",
                   "長さどうしを比べています。同じ長さでも、中身がまるで違うことがあります。先に差を取り、それからその長さを求めてください。"),
     Misconception(lambda got, expected, floor: np.abs((got - expected) / expected).mean() / floor,
                   "you divided number by number: then one number near 0 outweighs all others. Divide length by length.",
                   "数ごとに割っています。それでは、0 に近い数が一つあるだけで結果が決まってしまいます。長さを長さで割ってください。"),
     Misconception(lambda got, expected, floor: np.linalg.norm(got - expected) / np.linalg.norm(expected),
                   "that is the relative L2 itself; how many floors is it?",
                   "それは相対 L2 誤差そのものです。フロアいくつ分になるかを求めてください。"),
     Misconception(lambda got, expected, floor: np.linalg.norm(got - expected) / np.linalg.norm(expected) * floor,
                   "you multiplied by the floor. So many floors of that size: divide.",
                   "フロアを掛けています。フロアいくつ分かを求めるのですから、割ってください。"),
     Misconception(lambda got, expected, floor: ((got - expected) ** 2).sum() / (expected ** 2).sum() / floor,
                   "those are squares. A length is the root of the sum of squares.",
                   "2 乗のままです。長さは、2 乗の和の平方根です。")))


# ---- the first bad tap ----

def first_bad_of(taps: Sequence[str], floors: Mapping[str, float], limit: float) -> str | None:
    """The first of the taps, in their order, that deviates by more than the limit; None where all is well."""
    for tap in taps:
        if tap in floors and floors[tap] > limit:
            return tap
    return None


ORDER = ["embed_in", "input_layernorm", "attention.query", "attention.scores", "attention.weights", "attention.dense",
         "attention_residual", "mlp.act", "output", "final_layer_norm", "logits"]
LIMIT = 16.0


def drawn_deviations(rng: np.random.Generator) -> tuple[list[str], dict[str, float], float]:
    """Deviations of some of the taps, by the alphabet as in a file; one may lie at the limit itself."""
    given = sorted(tap for tap in ORDER if rng.random() < 0.7)
    drawn = rng.choice([0.5, 1.0, 3.0, LIMIT, 40.0, 2e3, 1e5], len(given), p=[0.2, 0.3, 0.15, 0.1, 0.1, 0.1, 0.05])
    return ORDER, dict(zip(given, map(float, drawn), strict=True)), LIMIT


def other_first(taps: Sequence[str], floors: Mapping[str, float], limit: float, way: str) -> Any:
    """Another tap than the first bad one."""
    bad = [tap for tap in taps if tap in floors and floors[tap] > limit]
    if way == "limit":
        bad = [tap for tap in taps if tap in floors and floors[tap] >= limit]
    if not bad:
        return None
    if way == "largest":
        return max(bad, key=lambda tap: floors[tap])
    if way == "file":
        return next(tap for tap in floors if floors[tap] > limit)
    if way == "before":
        good = [tap for tap in taps[:taps.index(bad[0])] if tap in floors]
        return good[-1] if good else None
    return {"last": bad[-1], "limit": bad[0], "all": bad, "place": taps.index(bad[0])}[way]


first_bad = Exercise(
    "first_bad", first_bad_of, drawn_deviations,
    (Misconception(lambda taps, floors, limit: other_first(taps, floors, limit, "largest"),
                   "that is the largest deviation. An error may grow behind the place where it arises: take the first.",
                   "それは最も大きなずれです。誤差は、生じた場所より後ろで大きくなることがあります。最初のものを選んでください。"),
     Misconception(lambda taps, floors, limit: other_first(taps, floors, limit, "file"),
                   "you went through the dict in its own order, that of the alphabet. The order of execution is that of `taps`.",
                   "辞書の順（アルファベット順）にたどっています。実行の順は `taps` の順です。"),
     Misconception(lambda taps, floors, limit: other_first(taps, floors, limit, "limit"),
                   "exactly at the limit is not yet bad: only more than the limit is.",
                   "ちょうど上限の値は、まだ不合格ではありません。上限を超えたものだけです。"),
     Misconception(lambda taps, floors, limit: other_first(taps, floors, limit, "before"),
                   "that is the last good one; the mistake is made behind it.",
                   "それは最後の正しいタップです。間違いはその後ろで起きています。"),
     Misconception(lambda taps, floors, limit: other_first(taps, floors, limit, "last"),
                   "that is the last bad one. What is bad there may come from before.",
                   "それは最後の不合格です。そこの値が悪いのは、前から伝わってきたためかもしれません。"),
     Misconception(lambda taps, floors, limit: other_first(taps, floors, limit, "all"),
                   "those are all that are bad; only the first is asked for.",
                   "不合格のものをすべて返しています。最初の一つだけを返してください。"),
     Misconception(lambda taps, floors, limit: other_first(taps, floors, limit, "place"),
                   "that is its place in the list; return its name.",
                   "それはリストの中での位置です。名前を返してください。")))


# ---- one operator alone ----

def alone_of(operator: Callable[[Array], Array], ours: Array, theirs: Array, recorded: Array) -> float:
    """The relative L2 of what a port recorded behind an operator from what the operator makes of the port's own input."""
    expected = operator(theirs)
    return float(np.linalg.norm(recorded - expected) / np.linalg.norm(expected))


def drawn_operator(rng: np.random.Generator) -> tuple[Callable[[Array], Array], Array, Array, Array]:
    """A right operator, our input, a port's, which is off already, and what the port's own operator made of it."""
    weight = rng.normal(0, 0.5, (4, 4))

    def operator(x: Array) -> Array:
        return np.tanh(x @ weight.T)

    ours = rng.normal(0, 1, (3, 4))
    theirs = ours * (1 + rng.normal(0, 0.1, ours.shape))
    recorded = operator(theirs) * (1 + rng.normal(0, 1e-3, ours.shape))
    return operator, ours, theirs, recorded


def relative(got: Array, expected: Array) -> float:
    """Relative L2."""
    return float(np.linalg.norm(got - expected) / np.linalg.norm(expected))


alone = Exercise(
    "alone", alone_of, drawn_operator,
    (Misconception(lambda operator, ours, theirs, recorded: relative(recorded, operator(ours)),
                   "you gave the operator our input: then all that went wrong before is counted too. Give it the port's own.",
                   "こちらの入力を渡しています。それでは、前で生じた誤差まで数えてしまいます。移植版自身の入力を渡してください。"),
     Misconception(lambda operator, ours, theirs, recorded: relative(operator(theirs), operator(ours)),
                   "that is what the operator makes of the error of its input. What the port recorded behind it is not looked at.",
                   "それは、入力の誤差が演算を通ってどうなったかです。移植版の出力（recorded）を見ていません。"),
     Misconception(lambda operator, ours, theirs, recorded: relative(operator(recorded), operator(theirs)),
                   "recorded stands behind the operator already; you applied it once more.",
                   "recorded はすでに演算の後の値です。もう一度演算を適用しています。"),
     Misconception(lambda operator, ours, theirs, recorded: relative(theirs, ours),
                   "those are the inputs: how far they are apart is the fault of what came before.",
                   "それは入力どうしの差です。この演算より前で生じたものです。"),
     Misconception(lambda operator, ours, theirs, recorded: relative(operator(theirs), recorded),
                   "you divided by the length of what the port recorded; divide by that of what is right.",
                   "移植版の出力の長さで割っています。正しい出力の長さで割ってください。"),
     Misconception(lambda operator, ours, theirs, recorded: np.linalg.norm(recorded - operator(theirs)),
                   "that is the length of the difference itself; the relative one is asked for.",
                   "それは差の長さそのものです。正しい出力の長さに対する割合にしてください。")))
