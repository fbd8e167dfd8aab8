"""Every gradient against torch's autograd through Hugging Face's own model, and AdamW against torch's."""

import numpy as np
import pytest
import torch
from neoxja_np import replacing
from neoxja_np.gradients.model import loss_and_gradients
from neoxja_np.training.adamw import AdamW, parameters
from neoxja_np.training.schedule import clip, gradient_norm
from neoxja_np.weights import flatten
from tests import tolerances
from tests.parity.conftest import note
from tests.parity.test_model import Case, golden_tables, ours
from tools.hf_reference import random_model, run

SEEDS = 20


def with_ids(seed: int) -> Case:
    """A case of test_model.py that is given ids, for training begins with those."""
    case = Case(seed)
    case.inputs.pop("inputs_embeds", None)
    case.inputs["input_ids"] = case.ids
    return case


def test_the_cases_have_all_kinds() -> None:
    cases = [with_ids(seed) for seed in range(SEEDS)]
    assert {case.choices["tied"] for case in cases} == {False, True}
    assert {case.choices["padding"] for case in cases} == {"none", "left", "right"}
    assert {case.config["rotary_pct"] for case in cases} == {0.25, 0.5, 1.0}
    assert sum((case.labels == -100).any() for case in cases) > SEEDS / 2


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_gradient(seed: int) -> None:
    case = with_ids(seed)
    theirs = random_model(seed=seed, **case.config)
    _, activations = run(theirs, **case.inputs, use_cache=False)
    model = ours(theirs)
    loss, tree = loss_and_gradients(**case.inputs, labels=case.labels, w=model.weights, config=model.config,
                                    tap=replacing(golden_tables(activations, case.inputs)))

    tensors = {name: torch.from_numpy(value) for name, value in case.inputs.items()}
    logits = theirs(**tensors, use_cache=False).logits[:, :-1].reshape(-1, case.config["vocab_size"])
    expected = torch.nn.functional.cross_entropy(logits, torch.from_numpy(case.labels[:, 1:].reshape(-1)))
    expected.backward()
    assert abs(float(loss) - expected.item()) <= tolerances.FLOAT64 * expected.item()
    gradients = flatten(tree)
    for name, parameter in theirs.named_parameters():
        want = parameter.grad.numpy()
        error = np.linalg.norm(gradients[name] - want) / np.linalg.norm(want)
        note("float64, their cos and sin: relative L2 of the worst gradient", error)
        assert error <= tolerances.GRADIENTS, name


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_a_hundred_steps_of_adamw(weight_decay: float) -> None:
    """Clipping included; decay on matrices alone."""
    case = with_ids(3)
    theirs = random_model(seed=3, **case.config)
    model = ours(theirs)
    weights = parameters(model.weights)
    mine = AdamW(beta1=0.9, beta2=0.95, eps=1e-8, weight_decay=weight_decay)
    matrices = [each for each in theirs.parameters() if each.ndim > 1]
    others = [each for each in theirs.parameters() if each.ndim == 1]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": weight_decay},
                                   {"params": others, "weight_decay": 0.0}], betas=(0.9, 0.95), eps=1e-8)
    rng = np.random.default_rng(0)
    for step in range(100):
        lr = 1e-2 / (step + 1)
        gradients = {name: rng.normal(size=array.shape) * 10.0 ** rng.integers(-6, 2)
                     for name, array in weights.items()}
        for name, parameter in theirs.named_parameters():
            parameter.grad = torch.from_numpy(gradients[name].copy())
        norm = torch.nn.utils.clip_grad_norm_(theirs.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.step()
        assert gradient_norm(gradients) == pytest.approx(float(norm), rel=1e-12)
        clip(gradients, norm=gradient_norm(gradients), max_norm=1.0)
        mine.update(weights, gradients, lr=lr)
    for name, parameter in theirs.named_parameters():
        want = parameter.detach().numpy()
        error = float(np.abs(weights[name] - want).max() / np.abs(want).max())
        note("100 steps of AdamW, float64: largest difference of a parameter, relative", error)
        assert error <= tolerances.ADAMW, name
