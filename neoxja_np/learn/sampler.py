"""The exercises of notebook 09: from logits to a token."""

from typing import Any

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.layers.attention import softmax
from neoxja_np.learn.exercise import Exercise, Misconception


def with_temperature(logits: Array, temperature: float) -> Any:
    """logits [V] -> the probabilities at that temperature."""
    return softmax(logits / temperature)


temperature = Exercise(
    "temperature", with_temperature, lambda rng: (rng.normal(0, 2, 5), float(rng.choice([0.3, 0.7, 1.5, 3.0]))),
    (Misconception(lambda logits, t: softmax(logits * t),
                   "you multiplied: then a low temperature makes all tokens alike. Divide.",
                   "掛け算をしています。それでは温度が低いほど分布が平らになります。割ってください。"),
     Misconception(lambda logits, t: softmax(logits) / t,
                   "probabilities divided by a number no longer sum to 1; the logits are divided, before softmax.",
                   "確率を割ると合計が 1 でなくなります。softmax の前に、ロジットのほうを割ります。"),
     Misconception(lambda logits, t: softmax(logits),
                   "the temperature is not used.", "温度が使われていません。"),
     Misconception(lambda logits, t: np.exp(logits / t),
                   "they do not sum to 1: divide by their sum.", "合計が 1 になっていません。合計で割ってください。"),
     Misconception(lambda logits, t: logits / t,
                   "those are still logits; probabilities are asked for.",
                   "それはまだロジットです。求められているのは確率です。")))


def kept_by_top_k(logits: Array, k: int) -> Any:
    """logits [V] -> [V]: minus infinity for all but the k largest."""
    return np.where(logits < np.sort(logits)[-k], -np.inf, logits)


top_k = Exercise(
    "top_k", kept_by_top_k, lambda rng: (rng.permutation(8) - 3.5, int(rng.integers(1, 6))),
    (Misconception(lambda logits, k: np.where(logits < np.sort(logits)[-k], 0.0, logits),
                   "0 is a logit like others. What is ruled out becomes minus infinity, so its probability is 0.",
                   "0 もロジットの一つです。除外するものはマイナス無限大にして、確率を 0 にします。"),
     Misconception(lambda logits, k: np.where(logits <= np.sort(logits)[-k], -np.inf, logits),
                   "the k-th largest is ruled out as well.", "k 番目に大きいものまで除外しています。"),
     Misconception(lambda logits, k: np.where(logits > np.sort(logits)[k - 1], -np.inf, logits),
                   "you kept the k smallest.", "小さいほうから k 個を残しています。"),
     Misconception(lambda logits, k: np.where(logits < np.sort(logits)[-k - 1], -np.inf, logits),
                   "one too many is kept.", "一つ多く残しています。"),
     Misconception(lambda logits, k: logits >= np.sort(logits)[-k],
                   "those are marks; the logits themselves are asked for, with minus infinity in place of those ruled out.",
                   "それは印です。求められているのはロジットそのもので、除外するものをマイナス無限大にします。"),
     *(Misconception(wrong, "the tokens must keep their places: the result has a number for each of them.",
                     "トークンの並び順は変えません。結果にも、トークンごとに一つずつ値が必要です。")
       for wrong in (lambda logits, k: np.sort(logits)[-k:], lambda logits, k: np.argsort(-logits)[:k],
                     lambda logits, k: np.concatenate([np.sort(logits)[::-1][:k], np.full(len(logits) - k, -np.inf)]))),
     Misconception(lambda logits, k: np.sort(logits)[::-1][:k],
                   "the tokens must keep their places: the result has a number for each of them.",
                   "トークンの並び順は変えません。結果にも、トークンごとに一つずつ値が必要です。")))


def kept_by_top_p(probabilities: Array, p: float) -> Any:
    """probabilities [V] -> [V] of True and False: the fewest likeliest tokens that reach p together."""
    order = np.argsort(-probabilities)
    before = np.cumsum(probabilities[order]) - probabilities[order]
    kept = np.zeros(len(probabilities), bool)
    kept[order[before < p]] = True
    return kept


def by_sum(probabilities: Array, p: float) -> Any:
    """Without the token that reaches p."""
    order = np.argsort(-probabilities)
    kept = np.zeros(len(probabilities), bool)
    kept[order[np.cumsum(probabilities[order]) <= p]] = True
    return kept


def by_rank(probabilities: Array, p: float) -> Any:
    """The marks read in the order, where they should be written."""
    return in_order(probabilities, p)[np.argsort(-probabilities)]


def by_id(probabilities: Array, p: float) -> Any:
    """In the order of the ids."""
    return np.cumsum(probabilities) - probabilities < p


def one_more(probabilities: Array, p: float) -> Any:
    """And the one behind a sum that is p exactly."""
    order = np.argsort(-probabilities)
    kept = np.zeros(len(probabilities), bool)
    kept[order[np.cumsum(probabilities[order]) - probabilities[order] <= p]] = True
    return kept


def short_of(probabilities: Array, p: float) -> Any:
    """Only those whose sum stays below p."""
    order = np.argsort(-probabilities)
    kept = np.zeros(len(probabilities), bool)
    kept[order[np.cumsum(probabilities[order]) < p]] = True
    return kept


def from_below(probabilities: Array, p: float) -> Any:
    """The least likely ones."""
    order = np.argsort(probabilities)
    kept = np.zeros(len(probabilities), bool)
    kept[order[np.cumsum(probabilities[order]) - probabilities[order] < p]] = True
    return kept


def in_order(probabilities: Array, p: float) -> Any:
    """In the order of the sorted probabilities."""
    falling = np.sort(probabilities)[::-1]
    return np.cumsum(falling) - falling < p


def drawn_shares(rng: np.random.Generator) -> tuple[Array, float]:
    """Different probabilities, and a p that some of them may reach exactly."""
    return rng.permutation([6, 4, 3, 2, 1]) / 16, float(rng.choice([5, 6, 8, 10, 12, 13, 14]) / 16)


top_p = Exercise(
    "top_p", kept_by_top_p, drawn_shares,
    (Misconception(by_sum,
                   "the token that takes the sum to p or past it is kept, too; otherwise a very likely one could be lost.",
                   "合計が初めて p 以上になるトークンも残します。そうしないと、確率のとても高いトークンを失うことがあります。"),
     Misconception(short_of,
                   "the token that takes the sum to p is missing; it is kept, too.",
                   "合計を p に届かせるトークンがありません。そのトークンも残します。"),
     Misconception(one_more,
                   "p was reached already, exactly; you kept one token more.",
                   "ちょうど p に届いているのに、もう一つ残しています。"),
     Misconception(by_rank,
                   "kept[order] reads. To put each mark back at its token, write: kept[order] = …",
                   "kept[order] は読み出しです。印を元のトークンの位置に戻すには、kept[order] = … と書き込みます。"),
     Misconception(by_id,
                   "you went through the tokens in the order of their ids; begin with the likeliest.",
                   "トークンを ID の順にたどっています。確率の高いほうから始めてください。"),
     Misconception(lambda probabilities, p: probabilities >= p,
                   "p is compared with each probability; it is their sum that must reach it.",
                   "p を一つ一つの確率と比べています。p に届くべきなのは合計です。"),
     Misconception(from_below,
                   "you began with the least likely.", "確率の低いほうから集めています。"),
     Misconception(in_order,
                   "your marks are in the order of the sorted probabilities; each must stand at its own token.",
                   "印が確率の大きい順に並んだままです。元のトークンの位置に戻してください。")))
