"""The exercises of notebook 00: the tour."""

from collections.abc import Callable
from typing import Any

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.learn.exercise import Exercise, Misconception


def next_of(logits: Array) -> int:
    """logits [L, V] of a text of L tokens -> the id of the likeliest token after the text."""
    return int(logits[-1].argmax())


next_token = Exercise(
    "next_token", next_of, lambda rng: (rng.normal(size=(int(rng.integers(3, 6)), 8)),),
    (Misconception(lambda logits: int(logits[0].argmax()),
                   "that is the guess after the first token. What follows the text stands in the last row.",
                   "それは最初のトークンの次の予測です。文の続きの予測は、最後の行にあります。"),
     Misconception(lambda logits: int(logits[-2].argmax()),
                   "you took the last row but one: it foretells the last token, which is there already.",
                   "最後から二つ目の行を見ています。そこにあるのは、すでに決まっている最後のトークンの予測です。"),
     Misconception(lambda logits: int(logits[:, -1].argmax()),
                   "that is the last column: one token of the vocabulary, at every place. Asked for is the last row.",
                   "それは最後の列、つまり語彙のトークン一つの、すべての位置での値です。見るのは最後の行です。"),
     Misconception(lambda logits: int(logits[0, -1].argmax()),
                   "logits[0, -1] is one number here, for there is no axis of texts. The last row is logits[-1].",
                   "ここには文の軸がないので、logits[0, -1] は一つの数です。最後の行は logits[-1] です。"),
     Misconception(lambda logits: int(logits.argmax()),
                   "that counts through the whole table: the id is a place in the last row.",
                   "表全体を通して数えた番号になっています。ID は、最後の行の中での位置です。"),
     Misconception(lambda logits: logits.argmax(axis=-1),
                   "those are the guesses after every token. Only the last one is new.",
                   "各トークンの次の予測が全部並んでいます。新しいのは最後の一つだけです。"),
     Misconception(lambda logits: float(logits[-1].max()),
                   "that is the largest logit itself; asked for is its place, argmax.",
                   "それは最大のロジットの値です。求められているのは、その位置（argmax）です。"),
     Misconception(lambda logits: int(logits[-1].argmin()),
                   "that is the least likely token.", "それは最も確率の低いトークンです。"),
     Misconception(lambda logits: int(logits.sum(axis=0).argmax()),
                   "you added the guesses of all places together; the last one has seen them all by itself.",
                   "すべての位置の予測を足しています。最後の位置だけで、すでに文全体を見ています。")))


def drawn_model(rng: np.random.Generator) -> tuple[Any, ...]:
    """A toy of a model, the ids of a prompt, and how many tokens to write."""
    first, second = rng.normal(size=(2, 7, 7))

    def logits_of(ids: list[int]) -> Array:
        """Each place sees its own token and the one before."""
        if np.ndim(ids) != 1:
            raise ValueError("logits_of takes one list of ids, without another bracket around it, "
                             "and gives [L, V]")
        before = [0, *ids[:-1]]
        logits: Array = first[ids] + second[before]
        return logits

    return logits_of, [int(each) for each in rng.integers(0, 7, 3)], int(rng.integers(2, 6))


def written(logits_of: Callable[[list[int]], Array], ids: list[int], count: int) -> list[int]:
    """The prompt's ids and `count` more, each the likeliest after all before it."""
    ids = list(ids)
    for _ in range(count):
        ids.append(next_of(logits_of(ids)))
    return ids


def written_at_once(logits_of: Callable[[list[int]], Array], ids: list[int], count: int) -> list[int]:
    """The model is asked only once, about the prompt."""
    return ids + [next_of(logits_of(ids))] * count


def written_blindly(logits_of: Callable[[list[int]], Array], ids: list[int], count: int) -> list[int]:
    """The model sees the last token alone."""
    for _ in range(count):
        ids = [*ids, next_of(logits_of(ids[-1:]))]
    return ids


write = Exercise(
    "write", written, drawn_model,
    (Misconception(lambda logits_of, ids, count: written(logits_of, ids, 1),
                   "one token is written, then it ends: does return stand inside the loop?",
                   "1 トークン書いただけで終わっています。return がループの中に入っていませんか。"),
     Misconception(written_at_once,
                   "the model is asked once only. Give it the text with the new token, and ask again.",
                   "モデルに一度しか尋ねていません。新しいトークンを加えた文を渡して、もう一度尋ねてください。"),
     Misconception(written_blindly,
                   "the model sees the last token alone; it must see all of the text so far.",
                   "モデルに最後のトークンしか渡していません。それまでの文をすべて渡してください。"),
     Misconception(lambda logits_of, ids, count: written(logits_of, ids, count)[len(ids):],
                   "the prompt is missing: give it back, too, before what was written.",
                   "プロンプトがありません。書き足した部分の前に、プロンプトも付けて返してください。"),
     Misconception(lambda logits_of, ids, count: written(logits_of, ids, count - 1),
                   "one token too few.", "トークンが一つ足りません。"),
     Misconception(lambda logits_of, ids, count: written(logits_of, ids, count + 1),
                   "one token too many.", "トークンが一つ多すぎます。")))
