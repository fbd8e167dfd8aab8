"""The exercises of notebook 11: gradients and steps."""

from typing import Any

import numpy as np

from neoxja_np.arrays import Array, IntArray
from neoxja_np.layers.attention import softmax
from neoxja_np.learn.exercise import Exercise, Misconception


def silu_slope(x: Array) -> Any:
    """x [N] -> the derivative of silu(x) = x s(x), with s the logistic function."""
    s = 1 / (1 + np.exp(-x))
    return s + x * s * (1 - s)


silu_derivative = Exercise(
    "silu_derivative", silu_slope, lambda rng: (rng.normal(0, 2, 4),),
    (Misconception(lambda x: 1 / (1 + np.exp(-x)),
                   "half of the product rule is missing: x times the derivative of s.",
                   "積の微分法の項が一つ抜けています。x に「s の導関数」を掛けた項も必要です。"),
     Misconception(lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2,
                   "that is the derivative of s; silu is x times s.", "それは s の導関数です。silu は x と s の積です。"),
     Misconception(lambda x: 1 / (1 + np.exp(-x)) + x,
                   "the derivative of s is s (1 - s), not 1.", "s の導関数は 1 ではなく s (1 - s) です。"),
     Misconception(lambda x: x * np.exp(-x) / (1 + np.exp(-x)) ** 2,
                   "half of the product rule is missing: s times the derivative of x.",
                   "積の微分法の項が一つ抜けています。s に「x の導関数」を掛けた項も必要です。")))


def loss_slope(logits: Array, labels: IntArray) -> Any:
    """logits [N, V], labels [N] -> [N, V]: the derivative of the cross entropy, averaged over N, by each logit."""
    gradient = softmax(logits)
    gradient[np.arange(len(labels)), labels] -= 1
    return gradient / len(labels)


def drawn_logits(rng: np.random.Generator) -> tuple[Array, IntArray]:
    """Some rows of logits and their labels."""
    rows = int(rng.integers(2, 5))
    return rng.normal(size=(rows, 4)), rng.integers(0, 4, rows)


def at_every_row(logits: Array, labels: IntArray) -> Any:
    """1 is taken away at the labels of all rows."""
    gradient = softmax(logits)
    gradient[:, labels] -= 1
    return gradient / len(labels)


cross_entropy_gradient = Exercise(
    "cross_entropy_gradient", loss_slope, drawn_logits,
    (Misconception(lambda logits, labels: loss_slope(logits, labels) * len(labels),
                   "the loss is the mean over the rows, so every derivative is divided by their number.",
                   "損失は行の平均なので、微分はどれも行の数で割ります。"),
     Misconception(lambda logits, labels: -loss_slope(logits, labels),
                   "the sign is the other way round: the logit of the label must rise for the loss to fall.",
                   "符号が逆です。正解のロジットが上がると損失は下がるので、その微分は負になります。"),
     Misconception(lambda logits, labels: softmax(logits) / len(labels),
                   "nothing is taken away for the right answer: your gradient pushes every logit down.",
                   "正解の分が引かれていません。これではすべてのロジットが下がってしまいます。"),
     Misconception(at_every_row,
                   "every row lost 1 at the labels of all rows; a row has one label of its own.",
                   "どの行でも、全行の正解の列から 1 を引いています。各行の正解は一つだけです。")))


def one_update(weight: Array, gradient: Array, lr: float, weight_decay: float) -> Any:
    """The weight after the first step of AdamW: the means, bias-corrected, are the gradient and its square; eps is 0."""
    return weight * (1 - lr * weight_decay) - lr * np.sign(gradient)


first_update = Exercise(
    "first_update", one_update,
    lambda rng: (rng.normal(size=4), rng.normal(0, 5, 4), float(rng.choice([0.1, 0.01])), float(rng.choice([0.1, 0.5]))),
    (Misconception(lambda w, g, lr, decay: w * (1 - lr * decay) - lr * g,
                   "that is plain gradient descent. Adam divides by the root of the mean square, which at first is the "
                   "gradient's own size: only its sign is left.",
                   "それは普通の勾配降下法です。Adam は 2 乗平均の平方根で割ります。最初の一歩では勾配自身の大きさになるので、符号だけが残ります。"),
     Misconception(lambda w, g, lr, decay: w - lr * np.sign(g + decay * w),
                   "the decay went into the gradient, where Adam's division undoes it. AdamW applies it to the weight itself.",
                   "減衰を勾配に混ぜたので、Adam の割り算で効果が失われます。AdamW では、減衰を勾配とは別に、重みに直接かけます。"),
     Misconception(lambda w, g, lr, decay: w * (1 - decay) - lr * np.sign(g),
                   "the decay is multiplied by the learning rate, too.", "減衰にも学習率を掛けます。"),
     Misconception(lambda w, g, lr, decay: w - lr * np.sign(g),
                   "the weight decay is missing.", "重み減衰が抜けています。"),
     Misconception(lambda w, g, lr, decay: w * (1 - lr * decay) - lr / g,
                   "you divided by the mean square; Adam divides by its root.",
                   "2 乗平均で割っています。Adam が割るのはその平方根です。")))
