"""AdamW: a weight whose recent gradients agree makes a long step; weight decay apart.

Loshchilov and Hutter 2017, https://arxiv.org/abs/1711.05101.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.weights import CausalLMWeights, flatten

Parameters = dict[str, Array]


def parameters(weights: CausalLMWeights) -> Parameters:
    """Every array of the weights once, by its first name: a tied head is the embedding."""
    once: dict[int, tuple[str, Array]] = {}
    for name, array in flatten(weights).items():
        once.setdefault(id(array), (name, array))
    return dict(once.values())


@dataclass
class AdamW:
    """torch.optim.AdamW, with weight decay on matrices alone.

    The state: two running means for each parameter, of its gradient and of that squared, and the
    number of updates so far.
    """

    beta1: float
    beta2: float
    eps: float
    weight_decay: float
    means: Parameters = field(default_factory=dict)
    squares: Parameters = field(default_factory=dict)
    updates: int = 0

    def update(self, weights: Parameters, gradients: Mapping[str, Array], *, lr: float) -> None:
        """One step of every parameter, in place: the weights, and the state, are changed.

        Decay: w -= lr weight_decay w. Then w -= lr m / (sqrt(v) + eps), where m and v are the
        means, each divided by 1 - beta^updates: they began at 0 and would be too small at first.
        """
        self.updates += 1
        unbias1, unbias2 = 1 - self.beta1**self.updates, 1 - self.beta2**self.updates
        for name, w in weights.items():
            if name not in self.means:
                self.means[name], self.squares[name] = np.zeros_like(w), np.zeros_like(w)
            gradient, mean, square = gradients[name], self.means[name], self.squares[name]
            mean += (1 - self.beta1) * (gradient - mean)
            square *= self.beta2
            square += (1 - self.beta2) * gradient * gradient
            if w.ndim > 1:
                w *= 1 - lr * self.weight_decay
            w -= lr / unbias1 * mean / (np.sqrt(square) / unbias2**0.5 + self.eps)
