"""The exercises of notebook 05: attention."""

from typing import Any

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.layers import attention
from neoxja_np.learn.exercise import Exercise, Misconception

softmax = Exercise(
    "softmax", attention.softmax, lambda rng: (rng.normal(0, 3, (2, 3, 4)) + rng.choice([0, 2000, -2000], (2, 3, 1)),),
    (Misconception(lambda x: np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True),
                   "exp overflows, or is 0, for large numbers. Take each row's maximum away first: the shares stay the same.",
                   "大きな数では exp があふれるか 0 になります。先に各行の最大値を引いてください。割合は変わりません。"),
     Misconception(lambda x: np.exp(x) / np.exp(x).sum(),
                   "two things: every row must sum to 1, not all together (axis=-1, keepdims=True); and exp overflows, or is "
                   "0, for large numbers.",
                   "直すところが二つあります。合計は全体ではなく行ごとに 1 にします（axis=-1, keepdims=True）。また、大きな数では "
                   "exp があふれるか 0 になります。"),
     Misconception(lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum(axis=-1, keepdims=True),
                   "you took away the largest number of all rows; a row far below it becomes 0 / 0. Each row has a "
                   "maximum of its own.",
                   "全体の最大値を引いています。それよりずっと小さい行は 0 / 0 になります。最大値は行ごとに求めます。"),
     Misconception(lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum(),
                   "all numbers together sum to 1; every row must.",
                   "全体の合計が 1 になっています。行ごとに合計が 1 になるようにしてください。"),
     Misconception(lambda x: np.exp(x - x.max(-2, keepdims=True)) / np.exp(x - x.max(-2, keepdims=True)).sum(axis=-2, keepdims=True),
                   "the columns sum to 1; the rows must, for a row is what one token looks at.",
                   "列の合計が 1 になっています。1 行が一つのトークンの見る先なので、行の合計を 1 にします。")))


def allowed(length: int, past: int) -> Any:
    """[length, past + length] of True and False: whether new token i, behind `past` others, may see token j."""
    return np.arange(past + length) <= past + np.arange(length)[:, None]


causal = Exercise(
    "causal", allowed, lambda rng: (int(rng.integers(2, 6)), int(rng.integers(0, 4))),
    (Misconception(lambda length, past: np.tri(length, past + length, past - 1, dtype=bool),
                   "a token may see itself, too.", "トークンは自分自身も見ることができます。"),
     Misconception(lambda length, past: np.tri(length, past + length, dtype=bool),
                   "the first of the new tokens stands at position `past`, not at 0: it sees all that came before.",
                   "新しいトークンの最初の位置は 0 ではなく past です。それより前はすべて見えます。"),
     Misconception(lambda length, past: ~np.tri(length, past + length, past, dtype=bool),
                   "you marked what may not be seen.", "見てはいけないほうに印を付けています。"),
     Misconception(lambda length, past: np.tri(length, dtype=bool),
                   "the columns are only the new tokens; those in the past need columns, too.",
                   "列が新しいトークンの分しかありません。past 個のトークンの列も必要です。"),
     Misconception(lambda length, past: np.where(np.tri(length, past + length, past, dtype=bool), 0, -np.inf),
                   "that is what is added to the scores; True and False are asked for.",
                   "それはスコアに足す値です。求められているのは True と False です。")))


def one_head(query: Array, key: Array, value: Array) -> Any:
    """query, key, value [L, K] -> [L, K]: causal attention of one head.

    The scores are divided by the root of K. Each token gets of its own value and of earlier ones.
    """
    scores = query @ key.T / query.shape[-1] ** 0.5
    scores[np.triu_indices(len(scores), 1)] = -np.inf
    return attention.softmax(scores) @ value


def other_head(query: Array, key: Array, value: Array, *, scale: Any = None, future: bool = False,
               late: bool = False, turned: bool = False) -> Any:
    """With a mistake of choice."""
    scores = (key @ query.T if turned else query @ key.T) / (query.shape[-1] ** 0.5 if scale is None else scale)
    seen = np.tri(len(scores), dtype=bool)
    if late:
        return attention.softmax(scores) * seen @ value
    return attention.softmax(scores if future else np.where(seen, scores, -np.inf)) @ value


def zero_for_masked(query: Array, key: Array, value: Array) -> Any:
    """The future's scores are 0."""
    scores = query @ key.T / query.shape[-1] ** 0.5
    return attention.softmax(np.tril(scores)) @ value


head = Exercise(
    "head", one_head, lambda rng: tuple(rng.normal(0, 2, (3, int(rng.integers(3, 6)), 2))),
    (Misconception(lambda q, k, v: other_head(q, k, v, scale=1),
                   "the scores are not divided by the root of K: softmax then sees little but the largest.",
                   "スコアを √K で割っていません。そのままでは softmax がほとんど最大のものしか見なくなります。"),
     Misconception(lambda q, k, v: other_head(q, k, v, scale=q.shape[-1]),
                   "you divided by K; it is its root.", "K で割っています。割るのは √K です。"),
     Misconception(lambda q, k, v: other_head(q, k, v, future=True),
                   "every token sees the whole sentence, the future included.",
                   "どのトークンも、未来を含めて文全体を見ています。"),
     Misconception(zero_for_masked,
                   "a masked score of 0 is still a score: exp(0) is 1, so the future gets a share.",
                   "マスクしたスコアを 0 にしても exp(0) = 1 なので、未来のトークンにも重みが付きます。"),
     Misconception(lambda q, k, v: other_head(q, k, v, late=True),
                   "you masked after softmax, so the rows no longer sum to 1. Mask the scores.",
                   "softmax の後でマスクしたので、行の合計が 1 になりません。スコアのほうをマスクしてください。"),
     Misconception(lambda q, k, v: other_head(q, k, np.eye(len(v))),
                   "those are the shares, [L, L]. Mix the values with them: `@ value`.",
                   "それは割合 [L, L] です。その割合でバリューを混ぜ合わせてください（`@ value`）。"),
     Misconception(lambda q, k, v: other_head(q, k, v, scale=len(q) ** 0.5),
                   "you divided by the root of the number of tokens; K is the length of a vector.",
                   "トークンの個数の平方根で割っています。K はベクトルの長さです。"),
     Misconception(lambda q, k, v: other_head(q, k, v, turned=True),
                   "a row is a key and a column a query; it must be the other way round.",
                   "行がキー、列がクエリになっています。逆にしてください。")))
