"""The exercises of notebook 03: layer normalisation."""

from typing import Any

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.learn.exercise import Exercise, Misconception


def normalized(x: Array, weight: Array, bias: Array, eps: float) -> Any:
    """x [..., D], weight [D], bias [D] -> [..., D]: each vector to mean 0 and variance 1.

    eps is added to the variance. Then scaled by weight and shifted by bias.
    """
    mean = x.mean(axis=-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + eps) * weight + bias


def by_axis(x: Array, weight: Array, bias: Array, eps: float, *, axis: Any) -> Any:
    """Over another axis than each token's own."""
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + eps) * weight + bias


def unbiased(x: Array, weight: Array, bias: Array, eps: float) -> Any:
    """With the variance divided by D - 1."""
    variance = x.var(axis=-1, keepdims=True, ddof=1)
    return (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(variance + eps) * weight + bias


def eps_outside(x: Array, weight: Array, bias: Array, eps: float) -> Any:
    """With eps added to the standard deviation."""
    return (x - x.mean(axis=-1, keepdims=True)) / (x.std(axis=-1, keepdims=True) + eps) * weight + bias


def by_variance(x: Array, weight: Array, bias: Array, eps: float) -> Any:
    """Without the root."""
    return (x - x.mean(axis=-1, keepdims=True)) / (x.var(axis=-1, keepdims=True) + eps) * weight + bias


def root_mean_square(x: Array, weight: Array, bias: Array, eps: float) -> Any:
    """The mean is left in: RMSNorm."""
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps) * weight + bias


def shifted_first(x: Array, weight: Array, bias: Array, eps: float) -> Any:
    """The bias is scaled too."""
    return ((x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + eps) + bias) * weight


layer_norm = Exercise(
    "layer_norm", normalized,
    lambda rng: (rng.normal(1, 2, (2, 4, 6)), rng.normal(size=6), rng.normal(size=6), float(rng.choice([1e-3, 0.5]))),
    (Misconception(lambda *arguments: by_axis(*arguments, axis=0),
                   "you normalised over the texts of the batch. Each token's vector is normalised by itself.",
                   "バッチの方向に正規化しています。トークンごとに、そのベクトルの中だけで正規化します。"),
     Misconception(lambda *arguments: by_axis(*arguments, axis=1),
                   "you normalised over the tokens. Each token's vector is normalised by itself, over its D numbers.",
                   "トークンの方向に正規化しています。トークンごとに、その D 個の数だけで正規化します。"),
     Misconception(lambda *arguments: by_axis(*arguments, axis=None),
                   "you normalised all tokens together; each is normalised by itself.",
                   "すべてのトークンをまとめて正規化しています。トークンごとに別々に正規化します。"),
     Misconception(unbiased,
                   "your variance is divided by D - 1. This one is divided by D, for it is of these numbers, and "
                   "estimates nothing.",
                   "分散を D - 1 で割っています。ここでは D で割ります。何かを推定するのではなく、この D 個の数そのものの分散だからです。"),
     Misconception(eps_outside,
                   "eps is added to the standard deviation; it belongs to the variance, inside the root.",
                   "eps を標準偏差に足しています。eps は平方根の中の分散に足します。"),
     Misconception(by_variance,
                   "you divided by the variance; it is the standard deviation, its root, that brings the variance to 1.",
                   "分散で割っています。分散を 1 にするには、その平方根である標準偏差で割ります。"),
     Misconception(lambda x, weight, bias, eps: normalized(x, weight, bias, 0.0),
                   "eps is missing.", "eps が使われていません。"),
     Misconception(root_mean_square,
                   "the mean was not taken away: that is RMSNorm, of other models.",
                   "平均を引いていません。それはほかのモデルで使われる RMSNorm です。"),
     Misconception(shifted_first,
                   "the bias was scaled by the weight; scale first, then shift.",
                   "bias にも weight が掛かっています。先に weight を掛け、それから bias を足します。")))


def of_root_mean_square(x: Array, weight: Array, eps: float) -> Any:
    """x [..., D], weight [D] -> [..., D]: RMSNorm, each vector over the root of its mean square."""
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps) * weight


rms_norm = Exercise(
    "rms_norm", of_root_mean_square,
    lambda rng: (rng.normal(1, 2, (2, 4, 6)), rng.normal(size=6), float(rng.choice([1e-3, 0.5]))),
    (Misconception(lambda x, weight, eps: normalized(x, weight, np.zeros(x.shape[-1]), eps),
                   "you took the mean away: that is layer_norm without a bias. RMSNorm leaves the mean where it is.",
                   "平均を引いています。それは bias のない layer_norm です。RMSNorm では平均を引きません。"),
     Misconception(lambda x, weight, eps: x / np.sqrt(x.var(axis=-1, keepdims=True) + eps) * weight,
                   "the variance has the mean taken away inside; take the mean of the squares themselves.",
                   "分散を使うと、その計算の中で平均が引かれてしまいます。値の 2 乗をそのまま平均してください。"),
     Misconception(lambda x, weight, eps: x / np.sqrt((x * x).sum(axis=-1, keepdims=True) + eps) * weight,
                   "you divided by the length of the vector: the squares are summed, but not divided by D.",
                   "ベクトルの長さで割っています。2 乗の合計を D で割るのを忘れています。"),
     Misconception(lambda x, weight, eps: x / ((x * x).mean(axis=-1, keepdims=True) + eps) * weight,
                   "the root is missing.", "平方根をとっていません。"),
     Misconception(lambda x, weight, eps: x / (np.sqrt((x * x).mean(axis=-1, keepdims=True)) + eps) * weight,
                   "eps is added outside the root; it belongs to the mean square, inside.",
                   "eps を平方根の外で足しています。eps は平方根の中の、2 乗の平均に足します。"),
     Misconception(lambda x, weight, eps: x / np.sqrt((x * x).mean() + eps) * weight,
                   "you took all tokens together; each is normalised by itself.",
                   "すべてのトークンをまとめて平均しています。トークンごとに別々に正規化します。"),
     Misconception(lambda x, weight, eps: x / np.sqrt((x * x).mean(axis=-1, keepdims=True)) * weight,
                   "eps is missing.", "eps が使われていません。")))
