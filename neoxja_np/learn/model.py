"""The exercises of notebook 07: the whole model."""

from typing import Any

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.learn.exercise import Exercise, Misconception


def after_layer(x: Array, attention: Any, mlp: Any, first_norm: Any, second_norm: Any) -> Any:
    """x [L, D] -> [L, D]: one layer, of which the four functions are given.

    First attention, then the MLP: each reads the normalised stream, and adds to the stream itself.
    """
    x = x + attention(first_norm(x))
    return x + mlp(second_norm(x))


def drawn_layer(rng: np.random.Generator) -> tuple[Any, ...]:
    """A stream and four functions that are easily told apart."""
    a, b, c, d = (rng.normal(size=(3, 3)) for _ in range(4))
    return (rng.normal(size=(2, 3)), lambda x: np.tanh(x @ a), lambda x: np.tanh(x @ b),
            lambda x: np.sin(x @ c), lambda x: np.sin(x @ d))


layer = Exercise(
    "layer", after_layer, drawn_layer,
    (Misconception(lambda x, attention, mlp, first, second: x + attention(first(x)) + mlp(second(x)),
                   "attention and MLP both read the stream as it came in: that is GPT-NeoX's parallel layer. Here the MLP "
                   "reads what attention has added to.",
                   "注意機構と MLP がどちらも入ってきたままのストリームを読んでいます。それは GPT-NeoX の並列の層です。ここでは MLP は、注意機構の出力を足した後のストリームを読みます。"),
     Misconception(lambda x, attention, mlp, first, second: second(
                       (y := first(x + attention(x))) + mlp(y)),
                   "you normalised after adding, as the first transformers did. Here each block's input is normalised, and "
                   "the stream itself never is.",
                   "足した後に正規化しています。初期の Transformer のやり方です。ここでは各ブロックの入力だけを正規化し、ストリームそのものは正規化しません。"),
     Misconception(lambda x, attention, mlp, first, second: x + mlp(second(x + attention(first(x)))),
                   "attention's output reaches the MLP, but is lost from the stream.",
                   "注意機構の出力が MLP には届いていますが、ストリームに残っていません。"),
     Misconception(lambda x, attention, mlp, first, second: mlp(second(attention(first(x)))),
                   "nothing was added to the stream: the two blocks only follow each other.",
                   "ストリームに何も足されていません。二つのブロックがつながっているだけです。"),
     Misconception(lambda x, attention, mlp, first, second: (y := first(x) + attention(first(x))) + mlp(second(y)),
                   "attention's output was added to the normalised stream; it belongs to the stream as it was.",
                   "注意機構の出力を、正規化した後のストリームに足しています。足す先は元のストリームです。")))


def parameters_of(vocab_size: int, hidden_size: int, num_hidden_layers: int) -> int:
    """How many numbers this model has, with a head of its own (untied)."""
    norm = 2 * hidden_size
    attention = 4 * hidden_size * hidden_size
    mlp = 8 * hidden_size * hidden_size
    dense_bias = hidden_size
    return 2 * vocab_size * hidden_size + num_hidden_layers * (2 * norm + attention + mlp) + norm + dense_bias


def without(vocab_size: int, hidden_size: int, num_hidden_layers: int, less: int) -> int:
    """So many numbers fewer."""
    return parameters_of(vocab_size, hidden_size, num_hidden_layers) - less


parameters = Exercise(
    "parameters", parameters_of, lambda rng: (int(rng.integers(50, 40000)), int(rng.integers(8, 3000)), int(rng.integers(2, 40))),
    (Misconception(lambda v, d, n: without(v, d, n, d),
                   "one bias is missing: the dense of the last layer's attention has one, [D]; it is the only linear layer with a bias.",
                   "バイアスが一つ足りません。線形層では、最後の層の注意機構の dense だけが [D] のバイアスを持っています。"),
     Misconception(lambda v, d, n: without(v, d, n, d - n * d),
                   "only the last layer's attention has a dense bias, not every layer's.",
                   "dense のバイアスを持つのは最後の層だけです。すべての層ではありません。"),
     Misconception(lambda v, d, n: without(v, d, n, v * d),
                   "the head is a matrix of its own here, as large as the embedding.",
                   "ここでは出力層も、埋め込みと同じ大きさの別の行列です。"),
     Misconception(lambda v, d, n: without(v, d, n, 2 * d),
                   "the norm at the end is missing.", "最後の正規化が抜けています。"),
     Misconception(lambda v, d, n: without(v, d, n, (2 * n + 1) * d),
                   "a norm has a weight and a bias, [D] each.", "正規化には重みとバイアスが [D] ずつあります。")))
