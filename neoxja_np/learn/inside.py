"""The exercises of notebook 13: what the heads of a trained model do."""

from typing import Any

import numpy as np

from neoxja_np.arrays import Array, IntArray
from neoxja_np.learn.exercise import Exercise, Misconception


def copying_of(weights: Array, ids: IntArray) -> float:
    """weights [L, L], ids [L] -> how much a head looks at what followed the same token earlier.

    For each token that occurred earlier: the weights of the places right behind its earlier occurrences, summed. The
    mean over these tokens.
    """
    shares = []
    for i, token in enumerate(ids):
        behind = [j + 1 for j in range(i) if ids[j] == token]
        if behind:
            shares.append(weights[i, behind].sum())
    return float(np.mean(shares))


def drawn_head(rng: np.random.Generator) -> tuple[Array, IntArray]:
    """Weights of a head, causal, over a text in which tokens come again."""
    ids = rng.integers(0, 4, 9)
    weights = np.tril(rng.uniform(size=(9, 9)))
    return weights / weights.sum(axis=-1, keepdims=True), ids


def at_places(weights: Array, ids: IntArray, offset: int, total: bool) -> float:
    """The share at another place than right behind, or over all tokens."""
    shares = []
    for i, token in enumerate(ids):
        places = [j + offset for j in range(i) if ids[j] == token]
        if places or total:
            shares.append(weights[i, places].sum() if places else 0.0)
    return float(np.mean(shares))


def other_copying(weights: Array, ids: IntArray, way: str) -> float:
    """With a mistake in how the weights are put together."""
    behind = [(i, [j + 1 for j in range(i) if ids[j] == ids[i]]) for i in range(len(ids))]
    behind = [(i, places) for i, places in behind if places]
    if way == "pairs":
        return float(np.mean([weights[i, place] for i, places in behind for place in places]))
    if way == "last":
        return float(np.mean([weights[i, places[-1]] for i, places in behind]))
    if way == "mean":
        return float(np.mean([weights[i, places].mean() for i, places in behind]))
    return float(np.sum([weights[i, places].sum() for i, places in behind]))


copying = Exercise(
    "copying", copying_of, drawn_head,
    (Misconception(lambda weights, ids: other_copying(weights, ids, "pairs"),
                   "you took the mean over pairs of places; first sum for each token, then take the mean.",
                   "場所の組すべてについて平均しています。まずトークンごとに合計し、それから平均してください。"),
     Misconception(lambda weights, ids: other_copying(weights, ids, "last"),
                   "you looked at one earlier occurrence only; a token may have occurred more than once.",
                   "前の出現を一つしか見ていません。同じトークンが何度も出ていることがあります。すべて足してください。"),
     Misconception(lambda weights, ids: other_copying(weights, ids, "mean"),
                   "for each token the weights are summed, not averaged, over its earlier occurrences.",
                   "トークンごとに、前の出現についての重みは平均ではなく合計します。"),
     Misconception(lambda weights, ids: other_copying(weights, ids, "sum"),
                   "that is the sum over all tokens; the mean is asked for.",
                   "すべてのトークンの合計のままです。最後に平均してください。"),
     Misconception(lambda weights, ids: at_places(weights, ids, 0, False),
                   "you looked at the earlier token itself; what is to be copied stands right behind it.",
                   "前に出てきた同じトークンを見ています。写すべきものは、そのすぐ後ろにあります。"),
     Misconception(lambda weights, ids: at_places(weights, ids, -1, False),
                   "you looked before the earlier token; what is to be copied stands behind it.",
                   "前に出てきたトークンの手前を見ています。写すべきものは後ろにあります。"),
     Misconception(lambda weights, ids: at_places(weights, ids, 1, True),
                   "the tokens that come for the first time have nothing to copy; they do not count.",
                   "初めて出てくるトークンには写すものがありません。平均に入れないでください。"),
     Misconception(lambda weights, ids: copying_of(weights.T, ids),
                   "rows and columns are exchanged: the row is the token that looks.",
                   "行と列が逆です。見ている側のトークンが行です。")))


def switched_off(context: Array, head: int) -> Any:
    """context [H, L, K] -> the same without what one head says: zeros in its place."""
    without = context.copy()
    without[head] = 0
    return without


def only(context: Array, head: int) -> Any:
    """All heads but one switched off."""
    alone = np.zeros_like(context)
    alone[head] = context[head]
    return alone


switch_off = Exercise(
    "switch_off", switched_off, lambda rng: (rng.normal(size=(4, 5, 6)), int(rng.integers(4))),
    (Misconception(only, "you kept that head and switched off the others; it must be the other way round.",
                   "指定されたヘッドだけが残っています。そのヘッドこそ止めてください。"),
     Misconception(lambda context, head: np.delete(context, head, axis=0),
                   "the head is gone, and the others have moved up: dense would take them for each other.",
                   "ヘッドを取り除いたので、ほかのヘッドの場所がずれてしまいます。dense が取り違えます。"),
     Misconception(lambda context, head: np.where(np.arange(context.shape[1])[:, None] == head, 0, context),
                   "you silenced a token, not a head: the heads are the first axis.",
                   "ヘッドではなくトークンを消しています。ヘッドは最初の軸です。")), keeps=True)
