"""Cross entropy in loops, the shift, and what does not count."""

import math

import numpy as np
from neoxja_np.layers.loss import causal_lm_loss, cross_entropy, log_sum_exp

RNG = np.random.default_rng(0)


def test_formula() -> None:
    logits, labels = RNG.normal(size=(2, 4, 5)), np.array([[1, -100, 4, 0], [2, 2, -100, -100]])
    losses = []
    for row, targets in zip(logits, labels, strict=True):
        for t in range(3):  # the logits at t against the label at t + 1
            if targets[t + 1] != -100:
                losses.append(-row[t, targets[t + 1]] + math.log(sum(math.exp(v) for v in row[t])))
    assert abs(causal_lm_loss(logits, labels) - sum(losses) / len(losses)) <= 1e-12


def test_an_even_guess_costs_log_v() -> None:
    loss = cross_entropy(np.zeros((3, 8), np.float32), np.array([0, 7, 3]))
    assert abs(loss - math.log(8)) <= 1e-6
    assert loss.dtype == np.float32


def test_no_label_is_nan_without_a_warning() -> None:
    assert np.isnan(cross_entropy(np.zeros((2, 8)), np.array([-100, -100])))


def test_log_sum_exp_of_what_would_overflow() -> None:
    assert log_sum_exp(np.array([[1e4, 0.0], [-1e4, -1e4]])).tolist() == [1e4, -1e4 + math.log(2)]
