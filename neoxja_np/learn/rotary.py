"""The exercises of notebook 04: rotary position embedding."""

from typing import Any

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.layers import rotary
from neoxja_np.learn.exercise import Exercise, Misconception


def pairs_of_neighbours(x: Array) -> Array:
    """GPT-J's way."""
    turned = np.stack([-x[..., 1::2], x[..., ::2]], axis=-1)
    return turned.reshape(x.shape)


def swapped(x: Array) -> Array:
    """The halves change places, and no sign does."""
    first, second = np.split(x, 2, axis=-1)
    return np.concatenate([second, first], axis=-1)


def other_sign(x: Array) -> Array:
    """A turn the other way."""
    return -rotary.rotate_half(x)


rotate_half = Exercise(
    "rotate_half", rotary.rotate_half,
    lambda rng: (rng.normal(size=(*rng.integers(1, 4, rng.integers(0, 3)), 2 * rng.integers(2, 6))),),
    (Misconception(pairs_of_neighbours,
                   "you paired neighbours: that is GPT-J's rotary. Here dimension i goes with i + R/2.",
                   "隣どうしを組にしています。それは GPT-J の方式です。ここでは i 番目と i + R/2 番目が組になります。"),
     Misconception(swapped,
                   "the halves have changed places, but no sign has changed: a quarter turn makes "
                   "(a, b) into (-b, a).",
                   "前半と後半は入れ替わっていますが、符号が変わっていません。90 度回すと (a, b) は (-b, a) になります。"),
     Misconception(other_sign,
                   "you negated the wrong half: that turns the other way round.",
                   "マイナスを付ける側が逆です。それでは逆向きに回ってしまいます。")))


def frequencies_of(rotary_ndims: int, base: float) -> Array:
    """[R / 2]: base^(-2i / R), by how many radians pair i turns at each position."""
    return base ** -(np.arange(0, rotary_ndims, 2) / rotary_ndims)


def without_the_step(rotary_ndims: int, base: float) -> Array:
    """The exponents of every dimension, not of every pair."""
    return base ** -(np.arange(rotary_ndims // 2) / rotary_ndims)


def growing(rotary_ndims: int, base: float) -> Array:
    """The later pairs faster."""
    return base ** (np.arange(0, rotary_ndims, 2) / rotary_ndims)


def drawn_sizes(rng: np.random.Generator) -> tuple[Any, ...]:
    """A number of rotary dimensions and a base."""
    return int(2 * rng.integers(2, 17)), float(rng.choice([100.0, 10000.0, 500000.0]))


frequencies = Exercise(
    "frequencies", frequencies_of, drawn_sizes,
    (Misconception(without_the_step,
                   "the exponents rise by 1 / R from pair to pair; they must rise by 2 / R, from 0 "
                   "to nearly 1.",
                   "指数が組ごとに 1 / R ずつ増えています。2 / R ずつ、0 から 1 の手前まで増えなければなりません。"),
     Misconception(growing,
                   "your later pairs turn faster. The first pair turns by 1 radian a position, the "
                   "others more and more slowly: the exponent is negative.",
                   "後の組ほど速く回っています。位置が 1 進むごとに最初の組は 1 ラジアン回り、後の組ほどゆっくり回ります。指数にはマイナスが付きます。"),
     Misconception(lambda rotary_ndims, base: base ** -(2 * np.arange(0, rotary_ndims, 2) / rotary_ndims),
                   "the 2 is counted twice: the exponents rise by 4 / R from pair to pair, not by 2 / R.",
                   "2 が二重に掛かっています。指数が組ごとに 2 / R ではなく 4 / R ずつ増えています。")))
