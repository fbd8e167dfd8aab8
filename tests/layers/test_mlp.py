"""The MLP in loops, and that it looks at each token by itself."""

import math

import numpy as np
from neoxja_np.layers.mlp import mlp

RNG = np.random.default_rng(0)
OUT, BACK = {"weight": RNG.normal(size=(7, 3))}, {"weight": RNG.normal(size=(3, 7))}
X = RNG.normal(size=(2, 4, 3))


def test_formula() -> None:
    for x, got in zip(X.reshape(-1, 3), mlp(X, OUT, BACK, hidden_act="gelu").reshape(-1, 3), strict=True):
        wide = [sum(OUT["weight"][f, d] * x[d] for d in range(3)) for f in range(7)]
        bent = [h / 2 * (1 + math.erf(h / math.sqrt(2))) for h in wide]
        expected = [sum(BACK["weight"][d, f] * bent[f] for f in range(7)) for d in range(3)]
        assert np.abs(got - expected).max() <= 1e-12


def test_each_token_by_itself() -> None:
    together = mlp(X, OUT, BACK, hidden_act="gelu")
    alone = np.stack([mlp(X[:, t:t + 1], OUT, BACK, hidden_act="gelu")[:, 0] for t in range(4)], axis=1)
    assert np.abs(together - alone).max() <= 1e-14  # a product of another height may sum in another order
