"""Mistakes in each derivative, planted: the whole model's check must find every one of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from neoxja_np.gradients import activation, attention, mlp, model
from neoxja_np.gradients.linear import rows
from neoxja_np.layers.attention import softmax
from neoxja_np.layers.erf import erf
from neoxja_np.layers.rotary import apply_rotary
from tests.gradients.differences import check_model

RIGHT = {  # what each module uses, before anything is planted
    (module, name): getattr(module, name) for module, name in (
        (model, "linear_backward"), (mlp, "linear_backward"), (attention, "linear_backward"), (model, "norm_backward"),
        (model, "embedding_backward"), (model, "causal_lm_loss_backward"), (model, "mlp_backward"),
        (model, "attention_backward"), (mlp, "activate_backward"), (attention, "softmax_backward"),
        (attention, "attention_scores_backward"), (attention, "split_heads_backward"),
        (attention, "merge_heads_backward"), (attention, "apply_rotary_backward"))}


def norm_without(part: str) -> Callable[..., Any]:
    def norm_backward(dy: Any, x: Any, w: Any, eps: float) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        scale = ((centred**2).mean(-1, keepdims=True) + (0 if part == "eps" else eps)) ** -0.5
        n, dn = centred * scale, dy * (1 if part == "weight" else w["weight"])
        mean = 0 if part == "mean" else dn.mean(-1, keepdims=True)
        along = 0 if part == "variance" else n * (dn * n).mean(-1, keepdims=True)
        return scale * (dn - mean - along), {
            "weight": rows(dy * (x if part == "normalised" else n)).sum(0), "bias": rows(dy).sum(0)}
    return norm_backward


def loss_divided_by_all(logits: Any, labels: Any) -> Any:
    right = RIGHT[model, "causal_lm_loss_backward"](logits, labels)
    return right * (labels[..., 1:] != -100).mean()


def loss_not_shifted(logits: Any, labels: Any) -> Any:
    dlogits = softmax(logits)
    np.put_along_axis(dlogits, np.maximum(labels, 0)[..., None],
                      np.take_along_axis(dlogits, np.maximum(labels, 0)[..., None], -1) - 1, -1)
    return dlogits * (labels != -100)[..., None] / (labels[..., 1:] != -100).sum()


def last_place_wins(dy: Any, input_ids: Any, weight: Any) -> Any:
    dweight = np.zeros_like(weight)
    dweight[input_ids] = dy
    return dweight


def heads_in_thirds(dquery: Any, dkey: Any, dvalue: Any) -> Any:
    return np.concatenate([np.concatenate([*each.swapaxes(0, 1)], -1) for each in (dquery, dkey, dvalue)], -1)


def no_bias(*args: Any, **kwargs: Any) -> Any:
    dx, tree = RIGHT[model, "attention_backward"](*args, **kwargs)
    if "dense_bias" in tree:
        tree["dense_bias"] = 0 * tree["dense_bias"]
    return dx, tree


def scaled(factor: float) -> Callable[..., Any]:
    def attention_scores_backward(dscores: Any, query: Any, key: Any) -> Any:
        return tuple(factor * each for each in RIGHT[attention, "attention_scores_backward"](dscores, query, key))
    return attention_scores_backward


def first_token_only(dy: Any, x: Any, weight: Any) -> Any:
    return dy @ weight, rows(dy)[:7].T @ rows(x)[:7]


MISTAKES: dict[str, tuple[Any, str, Any]] = {
    "linear: weights by the first sequence of the batch alone": (mlp, "linear_backward", first_token_only),
    "linear: head by the first sequence alone": (model, "linear_backward", first_token_only),
    "linear: dx through a weight that is not there": (
        attention, "linear_backward", lambda dy, x, weight: (x * 0, rows(dy).T @ rows(x))),
    "layer norm: mean left out": (model, "norm_backward", norm_without("mean")),
    "layer norm: variance left out": (model, "norm_backward", norm_without("variance")),
    "layer norm: weight left out": (model, "norm_backward", norm_without("weight")),
    "layer norm: eps left out": (model, "norm_backward", norm_without("eps")),
    "layer norm: dweight by x": (model, "norm_backward", norm_without("normalised")),
    "gelu: density left out": (mlp, "activate_backward", lambda dy, x, y, hidden_act: dy * 0.5 * (1 + erf(x / 2**0.5))),
    "gelu: of the tanh form": (
        mlp, "activate_backward", lambda dy, x, y, hidden_act: activation.gelu_tanh_backward(dy, x, y)),
    "mlp: by what came after the activation": (mlp, "activate_backward", lambda dy, x, y, hidden_act: (
        activation.gelu_backward(dy, y, y))),
    "softmax: mean left out": (attention, "softmax_backward", lambda dy, y: y * dy),
    "softmax: mean not weighted": (
        attention, "softmax_backward", lambda dy, y: y * (dy - dy.mean(-1, keepdims=True))),
    "scores: not scaled": (attention, "attention_scores_backward", scaled(8**0.5)),
    "scores: scaled twice": (attention, "attention_scores_backward", scaled(8**-0.5)),
    "heads: split in thirds": (attention, "split_heads_backward", heads_in_thirds),
    "heads: key and value exchanged": (
        attention, "split_heads_backward", lambda q, k, v: RIGHT[attention, "split_heads_backward"](q, v, k)),
    "rotary: turned forward again": (attention, "apply_rotary_backward", apply_rotary),
    "rotary: not turned": (attention, "apply_rotary_backward", lambda dy, cos, sin: dy),
    "bias: forgotten": (model, "attention_backward", no_bias),
    "embedding: the last place of a token wins": (model, "embedding_backward", last_place_wins),
    "loss: divided by all tokens": (model, "causal_lm_loss_backward", loss_divided_by_all),
    "loss: labels not shifted": (model, "causal_lm_loss_backward", loss_not_shifted),
    "heads: merged in another order": (
        attention, "merge_heads_backward",
        lambda dy, **heads: RIGHT[attention, "merge_heads_backward"](dy, **heads)[..., ::-1, :, :]),
    "mlp: counted twice": (model, "mlp_backward", lambda dx, *a, **k: (
        RIGHT[model, "mlp_backward"](dx, *a, **k)[0] * 2, *RIGHT[model, "mlp_backward"](dx, *a, **k)[1:])),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, function, wrong = MISTAKES[name]
    called = []

    def planted(*args: Any, **kwargs: Any) -> Any:
        called.append(name)
        return wrong(*args, **kwargs)

    monkeypatch.setattr(module, function, planted)
    with pytest.raises(AssertionError, match="by differences"):
        check_model(tied=True)
    assert called


def test_every_function_has_a_mistake() -> None:
    assert {(module, name) for module, name, _ in MISTAKES.values()} == set(RIGHT)
