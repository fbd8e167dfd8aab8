"""The exercises of notebook 06: the MLP and its gelu."""

import math

from neoxja_np.learn.exercise import Exercise, Misconception


def gelu_of(x: float) -> float:
    """x times the share of the standard normal distribution that lies below x."""
    return x * 0.5 * (1 + math.erf(x / math.sqrt(2)))


gelu = Exercise(
    "gelu", gelu_of, lambda rng: (float(rng.normal(0, 2)),),
    (Misconception(lambda x: x * 0.5 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
                   "that is the approximation by tanh, up to 5e-4 away. This model's gelu is exact, with erf.",
                   "それは tanh による近似で、最大で 5e-4 ずれます。このモデルの gelu は erf を使う正確なものです。"),
     Misconception(lambda x: x / (1 + math.exp(-1.702 * x)),
                   "that is the approximation by a logistic function. This model's gelu is exact, with erf.",
                   "それはロジスティック関数による近似です。このモデルの gelu は erf を使う正確なものです。"),
     Misconception(lambda x: x * 0.5 * (1 + math.erf(x)),
                   "erf belongs to a normal distribution of another width: x must be scaled first.",
                   "erf が対応するのは、幅の違う正規分布です。x の尺度を合わせる必要があります。"),
     Misconception(lambda x: 0.5 * (1 + math.erf(x / math.sqrt(2))),
                   "that is the share that passes; gelu is x times it.",
                   "それは通す割合です。gelu はそれに x を掛けたものです。"),
     Misconception(lambda x: max(x, 0.0),
                   "that is relu, with a corner at 0.", "それは 0 で折れ曲がる relu です。")))


def parameters_of(hidden_size: int) -> int:
    """How many numbers an MLP of this model has: out to four times the hidden size and back."""
    return 2 * hidden_size * 4 * hidden_size


mlp_parameters = Exercise(
    "mlp_parameters", parameters_of, lambda rng: (int(rng.integers(8, 3000)),),
    (Misconception(lambda size: 2 * size * 4 * size + 5 * size,
                   "you counted biases, 4 D and D of them. The only linear layer with a "
                   "bias is the dense of the last layer's attention.",
                   "バイアス（4D 個と D 個）まで数えています。このモデルの線形層でバイアスを持つのは、最後の層の注意機構の dense だけです。"),
     Misconception(lambda size: 4 * size * size,
                   "that is one of the two matrices.", "それは二つある行列の片方だけです。"),
     Misconception(lambda size: 2 * size * size,
                   "the MLP goes out to 4 D, not to D.", "MLP の中間の幅は D ではなく 4D です。")))
