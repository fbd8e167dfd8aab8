"""The exercises of notebook 08: the key-value cache."""

import numpy as np

from neoxja_np.arrays import IntArray
from neoxja_np.learn.exercise import Exercise, Misconception


def positions_of(past: int, length: int) -> IntArray:
    """[length]: the positions of new tokens behind `past` that are in the cache."""
    return np.arange(past, past + length)


positions = Exercise(
    "positions", positions_of, lambda rng: (int(rng.integers(1, 50)), int(rng.integers(1, 6))),
    (Misconception(lambda past, length: np.arange(length),
                   "your new tokens begin at 0 again: rotary would take them for the first of the text.",
                   "新しいトークンの位置が、また 0 から始まっています。これでは rotary が文の先頭として扱ってしまいます。"),
     Misconception(lambda past, length: np.arange(past + 1, past + length + 1),
                   "positions count from 0, so the first new token stands at `past` itself.",
                   "位置は 0 から数えるので、最初の新しいトークンの位置は past そのものです。"),
     Misconception(lambda past, length: np.arange(past + length),
                   "those in the cache have their positions already; only the new ones are asked for.",
                   "キャッシュにあるトークンの位置はもう決まっています。求められているのは新しいトークンの位置だけです。")))


def bytes_of(layers: int, hidden_size: int, tokens: int, bytes_a_number: int) -> int:
    """What a cache takes: for each layer and token a key and a value, D numbers each over all heads."""
    return 2 * layers * tokens * hidden_size * bytes_a_number


cache_bytes = Exercise(
    "cache_bytes", bytes_of,
    lambda rng: (int(rng.integers(1, 40)), int(rng.integers(8, 3000)), int(rng.integers(3, 2049)), int(rng.choice([2, 4, 8]))),
    (Misconception(lambda layers, size, tokens, each: layers * tokens * size * each,
                   "keys and values are both kept.", "キーとバリューの両方を保存します。"),
     Misconception(lambda layers, size, tokens, each: 2 * tokens * size * each,
                   "every layer has keys and values of its own.", "キーとバリューは層ごとに別々です。"),
     Misconception(lambda layers, size, tokens, each: 2 * layers * tokens * tokens * each,
                   "scores are not kept; a key and a value are D numbers each for every token.",
                   "スコアは保存しません。キーとバリューは、トークンごとにそれぞれ D 個の数です。"),
     Misconception(lambda layers, size, tokens, each: 2 * layers * tokens * size,
                   "those are numbers; a number takes some bytes.", "それは数値の個数です。数値 1 個の保存には何バイトか必要です。")))
