"""Derivatives by differences, to hold those by hand to."""

from collections.abc import Callable, Mapping

import numpy as np
from neoxja_np import GPTNeoXJapaneseConfig
from neoxja_np.arrays import Array
from neoxja_np.gradients import model as backward_model
from neoxja_np.layers.loss import causal_lm_loss
from neoxja_np.model import forward
from neoxja_np.weights import CausalLMWeights, flatten, initial_weights
from tests import tolerances

STEP = 1e-3


def along(function: Callable[[], float], array: Array, direction: Array) -> float:
    """The derivative of function() as `array` moves along a direction, to the fourth order in STEP."""
    before = array.copy()

    def at(distance: float) -> float:
        array[...] = before + distance * direction
        return function()

    slope = (8 * (at(STEP) - at(-STEP)) - (at(2 * STEP) - at(-2 * STEP))) / (12 * STEP)
    array[...] = before
    return slope


def check_derivatives(function: Callable[[], Array], arrays: Mapping[str, Array],
                      backward: Callable[[Array], Mapping[str, Array]]) -> None:
    """Whether backward(dy) gives the derivatives of sum(dy * function()) by every array, each along one direction.

    A direction of length 1 by chance meets every entry of an array, so no wrong one stays unseen.
    """
    rng = np.random.default_rng(7)
    dy = rng.normal(size=function().shape)
    given = {name: array.copy() for name, array in arrays.items()}
    gradients = backward(dy)
    for name, array in arrays.items():
        assert (array == given[name]).all(), f"{name} was changed"
        assert gradients[name].shape == array.shape, name
        direction = rng.normal(size=array.shape)
        direction /= np.linalg.norm(direction)
        expected = along(lambda: float((dy * function()).sum()), array, direction)
        got = float((gradients[name] * direction).sum())
        bound = tolerances.DIFFERENCES * float(np.linalg.norm(gradients[name]))
        assert abs(got - expected) <= bound, f"{name}: {got}, by differences {expected}"


def model_case(*, tied: bool) -> tuple[GPTNeoXJapaneseConfig, CausalLMWeights, dict[str, Array], Array]:
    """A small model in which all sizes differ, and inputs with padding and labels that do not count."""
    config = GPTNeoXJapaneseConfig(
        vocab_size=31, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_multiple_size=2,
        rope_parameters={"rope_theta": 100.0, "partial_rotary_factor": 0.5}, tie_word_embeddings=tied,
        initializer_range=0.5)
    rng = np.random.default_rng(5)
    weights = initial_weights(config, rng=rng, dtype="float64")
    for array in flatten(weights).values():
        if array.ndim == 1:
            array += 0.3 * rng.normal(size=array.shape)
    ids = np.array([[3, 1, 4, 1, 5, 9, 2], [6, 5, 3, 5, 8, 9, 7]])
    labels = np.where(rng.random(ids.shape) < 0.3, -100, ids)
    labels[:, -1] = ids[:, -1]
    # on the right: a row that may see nothing gets equal weights, and its scores, too small to be seen beside the
    # mask, have derivatives all the same, as in torch
    inputs = {"input_ids": ids, "attention_mask": np.array([[1, 1, 1, 1, 1, 0, 0], [1] * 7])}
    return config, weights, inputs, labels


def check_model(*, tied: bool) -> None:
    """The whole model: the loss, and its derivative by every weight."""
    config, weights, inputs, labels = model_case(tied=tied)

    def loss() -> Array:
        return causal_lm_loss(forward(**inputs, w=weights, config=config), labels)

    got, tree = backward_model.loss_and_gradients(**inputs, labels=labels, w=weights, config=config)
    assert got == loss()
    arrays, gradients = flatten(weights), flatten(tree)
    assert list(arrays) == list(gradients)
    assert (arrays["embed_out.weight"] is arrays["gpt_neox_japanese.embed_in.weight"]) == tied
    assert (gradients["embed_out.weight"] is gradients["gpt_neox_japanese.embed_in.weight"]) == tied
    check_derivatives(loss, arrays, lambda dy: {name: dy * gradient for name, gradient in gradients.items()})
