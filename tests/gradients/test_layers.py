"""Every derivative by hand against differences."""

import numpy as np
import pytest
from neoxja_np.gradients.activation import DERIVATIVES, activate_backward
from neoxja_np.gradients.attention import (
    attention_backward,
    attention_scores_backward,
    merge_heads_backward,
    softmax_backward,
    split_heads_backward,
)
from neoxja_np.gradients.embedding import embedding_backward
from neoxja_np.gradients.layer_norm import layer_norm_backward
from neoxja_np.gradients.linear import linear_backward
from neoxja_np.gradients.loss import causal_lm_loss_backward, cross_entropy_backward
from neoxja_np.gradients.mlp import mlp_backward
from neoxja_np.gradients.model import loss_and_gradients
from neoxja_np.gradients.rotary import apply_rotary_backward
from neoxja_np.layers.activation import ACTIVATIONS, activate
from neoxja_np.layers.attention import (
    attention,
    attention_scores,
    causal_mask,
    merge_heads,
    softmax,
    split_heads,
)
from neoxja_np.layers.embedding import embedding
from neoxja_np.layers.layer_norm import layer_norm
from neoxja_np.layers.linear import linear
from neoxja_np.layers.loss import causal_lm_loss, cross_entropy
from neoxja_np.layers.mlp import mlp
from neoxja_np.layers.rotary import apply_rotary, rotary_tables
from neoxja_np.model import forward
from neoxja_np.tap import recording, replacing
from tests.gradients.differences import check_derivatives, check_model, model_case

B, L, D, H, K, R, F, V = 2, 7, 24, 3, 8, 4, 10, 31


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).normal(size=shape)


def tables() -> tuple[np.ndarray, np.ndarray]:
    return rotary_tables(np.arange(L), rotary_ndims=R, base=100.0, angle_dtype="float64")


@pytest.mark.parametrize("batch", [(), (L,), (B, L)])
def test_linear(batch: tuple[int, ...]) -> None:
    x, weight = draw(*batch, D), draw(F, D)
    check_derivatives(lambda: linear(x, weight), {"x": x, "weight": weight},
                      lambda dy: dict(zip(("x", "weight"), linear_backward(dy, x, weight), strict=True)))


def test_embedding_adds_the_places_of_a_token() -> None:
    ids, weight = np.array([[3, 1, 3, 0, 3, 9, 1], [1, 1, 2, 5, 6, 7, 8]]), draw(V, D)
    check_derivatives(lambda: embedding(ids, weight), {"weight": weight},
                      lambda dy: {"weight": embedding_backward(dy, ids, weight)})


@pytest.mark.parametrize("eps", [1e-5, 0.5])
def test_layer_norm(eps: float) -> None:
    x, weight, bias = draw(B, L, D), draw(D), draw(D, 1)[:, 0]
    check_derivatives(
        lambda: layer_norm(x, weight, bias, eps=eps), {"x": x, "weight": weight, "bias": bias},
        lambda dy: dict(zip(("x", "weight", "bias"), layer_norm_backward(dy, x, weight, eps=eps), strict=True)))


@pytest.mark.parametrize("hidden_act", ACTIVATIONS)
def test_activation(hidden_act: str) -> None:
    x = draw(B, L, F)
    y = activate(x, hidden_act=hidden_act)
    check_derivatives(lambda: activate(x, hidden_act=hidden_act), {"x": x},
                      lambda dy: {"x": activate_backward(dy, x, y, hidden_act=hidden_act)})


@pytest.mark.parametrize(("hidden_act", "other"), [
    (name, other) for name in ACTIVATIONS for other in DERIVATIVES if DERIVATIVES[other] is not DERIVATIVES[name]
    and (name != "relu" or other == "gelu")])  # where the share is 0 or 1, s (1 - s) is 0, and the others are right
def test_the_derivative_of_another_activation_is_found(hidden_act: str, other: str) -> None:
    x = draw(B, L, F)
    y = activate(x, hidden_act=hidden_act)
    with pytest.raises(AssertionError):
        check_derivatives(lambda: activate(x, hidden_act=hidden_act), {"x": x},
                          lambda dy: {"x": DERIVATIVES[other](dy, x, y)})


def test_every_activation_has_a_derivative() -> None:
    assert list(DERIVATIVES) == list(ACTIVATIONS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activations_far_out(dtype: str) -> None:
    x = np.array([-1e4, -100, -20, 0, 20, 100, 1e4], dtype)
    for hidden_act in ACTIVATIONS:
        slope = activate_backward(np.ones_like(x), x, activate(x, hidden_act=hidden_act), hidden_act=hidden_act)
        assert slope.dtype == dtype
        assert np.allclose(slope[[0, 1, 2, 4, 5, 6]], [0, 0, 0, 1, 1, 1], atol=1e-6), hidden_act


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activations_at_and_near_zero(dtype: str) -> None:
    least = np.finfo(dtype).smallest_subnormal
    x = np.array([-1e-3, -1e-30, -3 * least, -least, -0.0, 0.0, least, 3 * least, 1e-30, 1e-3], dtype)
    for hidden_act in set(ACTIVATIONS) - {"relu"}:
        slope = activate_backward(np.ones_like(x), x, activate(x, hidden_act=hidden_act), hidden_act=hidden_act)
        # by Taylor: gelu' = 1/2 + 2 x / sqrt(2 pi) + ..., the steepest of them; and the rounding of a share
        assert (np.abs(slope - 0.5) <= 0.8 * np.abs(x) + 4 * np.finfo(dtype).eps).all(), hidden_act
    assert activate_backward(np.ones_like(x), x, np.maximum(x, 0), hidden_act="relu").tolist() == [0] * 6 + [1] * 4


def test_rotary() -> None:
    x, (cos, sin) = draw(B, H, L, K), tables()
    check_derivatives(lambda: apply_rotary(x, cos, sin), {"x": x},
                      lambda dy: {"x": apply_rotary_backward(dy, cos, sin)})


def test_softmax() -> None:
    x = draw(B, L, L)
    check_derivatives(lambda: softmax(x), {"x": x}, lambda dy: {"x": softmax_backward(dy, softmax(x))})


def test_attention_scores() -> None:
    query, key = draw(B, H, L, K), draw(B, H, L + 2, K)
    check_derivatives(
        lambda: attention_scores(query, key), {"query": query, "key": key},
        lambda dy: dict(zip(("query", "key"), attention_scores_backward(dy, query, key), strict=True)))


def test_heads_are_split_and_merged_back() -> None:
    qkv, context = draw(B, L, H * 3 * K), draw(B, H, L, K)
    check_derivatives(
        lambda: np.concatenate(split_heads(qkv, num_attention_heads=H)), {"qkv": qkv},
        lambda dy: {"qkv": split_heads_backward(*np.split(dy, 3))})
    check_derivatives(lambda: merge_heads(context), {"context": context},
                      lambda dy: {"context": merge_heads_backward(dy, num_attention_heads=H)})


@pytest.mark.parametrize("batch", [(), (B,)])
@pytest.mark.parametrize("biased", [False, True])
def test_attention(batch: tuple[int, ...], biased: bool) -> None:
    x, cos_sin = draw(*batch, L, D), dict(zip(("cos", "sin"), tables(), strict=True))
    matrices = {"query_key_value": draw(3 * D, D) / D**0.5, "dense": draw(D, D) / D**0.5}
    weights = {name: {"weight": matrix} for name, matrix in matrices.items()}
    if biased:
        weights["dense_bias"] = matrices["dense_bias"] = draw(D)
    mask = causal_mask(L, past=0, attention_mask=None, dtype=x.dtype)

    def run(**settings: object) -> np.ndarray:
        return attention(x, **weights, num_attention_heads=H, **cos_sin, mask=mask, **settings)

    def backward(dy: np.ndarray) -> dict[str, np.ndarray]:
        seen: dict[str, np.ndarray] = {}
        run(tap=recording(seen))
        dx, tree = attention_backward(dy, x, seen["query_rotary"], seen["key_rotary"], seen["value"], seen["weights"],
                                      seen["context"], **weights, **cos_sin)
        assert tree.keys() == weights.keys()
        return {"x": dx, **{name: part["weight"] if isinstance(part, dict) else part for name, part in tree.items()}}

    check_derivatives(run, {"x": x, **matrices}, backward)


@pytest.mark.parametrize("hidden_act", ["gelu", "silu"])
def test_mlp(hidden_act: str) -> None:
    x, out, back = draw(B, L, D), draw(F, D) / D**0.5, draw(D, F)
    weights = {"dense_h_to_4h": {"weight": out}, "dense_4h_to_h": {"weight": back}}
    h = linear(x, out)
    check_derivatives(
        lambda: mlp(x, **weights, hidden_act=hidden_act), {"x": x, "out": out, "back": back},
        lambda dy: dict(zip(("x", "out", "back"), mlp_backward(
            dy, x, h, activate(h, hidden_act=hidden_act), **weights, hidden_act=hidden_act), strict=True)))


def test_cross_entropy() -> None:
    logits, labels = 3 * draw(B, L, V), np.array([[3, 1, 4, -100, 5, 9, 2], [-100, 5, 3, 5, 8, 9, 7]])
    check_derivatives(lambda: cross_entropy(logits, labels), {"logits": logits},
                      lambda dy: {"logits": dy * cross_entropy_backward(logits, labels)})
    check_derivatives(lambda: causal_lm_loss(logits, labels), {"logits": logits},
                      lambda dy: {"logits": dy * causal_lm_loss_backward(logits, labels)})


def test_labels_that_do_not_count() -> None:
    logits = draw(B, L, V)
    assert not causal_lm_loss_backward(logits, np.full((B, L), -100)).any()


def test_the_logits_of_a_distribution_add_up() -> None:
    """A constant added to all logits changes nothing, so their derivatives sum to 0."""
    assert np.abs(cross_entropy_backward(draw(B, L, V), np.ones((B, L), int)).sum(axis=-1)).max() < 1e-16


def test_activations_may_be_replaced_on_the_way() -> None:
    """What a tap puts in their place is what both passes see."""
    config, weights, inputs, labels = model_case(tied=True)
    replaced = replacing({"layers.1.mlp.act": lambda x: 0 * x})
    loss, tree = loss_and_gradients(**inputs, labels=labels, w=weights, config=config, tap=replaced)
    assert loss == causal_lm_loss(forward(**inputs, w=weights, config=config, tap=replaced), labels)
    assert loss != causal_lm_loss(forward(**inputs, w=weights, config=config), labels)
    assert not tree["gpt_neox_japanese"]["layers"][1]["mlp"]["dense_4h_to_h"]["weight"].any()


@pytest.mark.parametrize("tied", [False, True])
def test_the_whole_model(tied: bool) -> None:
    check_model(tied=tied)
