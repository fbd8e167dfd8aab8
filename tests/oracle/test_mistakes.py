"""Every known mistake is planted, and a golden or property check must fail for it; or it is shown to be equivalent."""

import numpy as np
import pytest
from neoxja_np import GPTNeoXJapaneseForCausalLM
from neoxja_np.oracle.mistakes import MISTAKES, inject
from tests import tolerances
from tests.checks import CHECKS, golden_model, relative_l2


def failing(stop_at_first: bool) -> list[str]:
    """The checks that fail now. A crash is no finding: it would not name what is wrong."""
    names = []
    for name, check in CHECKS.items():
        try:
            check()
        except AssertionError:
            names.append(name)
            if stop_at_first:
                break
    return names


@pytest.mark.parametrize("name", [name for name, m in MISTAKES.items() if not m.equivalent])
def test_a_planted_mistake_is_caught(name: str) -> None:
    with inject(name):
        assert failing(stop_at_first=True), f"{name} passes every check"
    # and it is gone afterwards: the clean run is tests/test_checks.py


def greedy_and_logits() -> list[np.ndarray]:
    """What a user sees on real tokens: logits, and a left-padded batch continued."""
    model = golden_model("model-plain")
    ids = np.arange(14).reshape(2, 7)
    mask = np.array([[0, 0, 1, 1, 1, 1, 1], [1] * 7])
    return [model(ids).logits, model(ids, mask).logits[:, 2:], model.generate(ids, mask, max_new_tokens=8)]


@pytest.mark.parametrize("name", [name for name, m in MISTAKES.items() if m.equivalent])
def test_an_equivalent_mistake_shows_in_no_output(name: str) -> None:
    clean = greedy_and_logits()
    with inject(name):
        planted = greedy_and_logits()
    for one, other in zip(clean[:2], planted[:2], strict=True):
        assert relative_l2(one, other) <= tolerances.FLOAT32_ANGLES
    assert (clean[2] == planted[2]).all()


def test_a_mistake_that_nothing_calls_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="not called"), inject("gelu_tanh"):
        pass


def test_every_mistake_says_what_it_is() -> None:
    for name, mistake in MISTAKES.items():
        assert mistake.name == name
        assert mistake.summary
        assert mistake.family


def test_an_unknown_mistake_lists_the_known() -> None:
    with pytest.raises(ValueError, match="no mistake is called 'rope'; there are qkv_concat, "), inject("rope"):
        pass


@pytest.mark.parametrize("name", ["bias_missing", "bias_all_layers", "ln_no_bias", "ln_ddof1", "parallel"])
def test_the_model_in_weights_shows_it(name: str) -> None:
    model = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja", dtype="float64")
    right = model([[30, 40, 50]]).logits
    with inject(name):
        wrong = model([[30, 40, 50]]).logits
    assert relative_l2(wrong, right) > 1e-4
