"""Every activation of random models in which every parameter is redrawn, against Hugging Face's."""

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from neoxja_np import GPTNeoXJapaneseConfig, GPTNeoXJapaneseForCausalLM, KeyValueCache, recording, replacing
from neoxja_np.layers.activation import ACTIVATIONS
from neoxja_np.weights import PREFIX, nest
from tests import tolerances
from tests.checks import relative_l2
from tests.parity.conftest import note
from tools.hf_reference import CACHE, cross_entropy64, random_model, run, tensors_of

SEEDS = 63
TABLES = ("rotary.cos", "rotary.sin")


@dataclass
class Case:
    """A random configuration and its inputs; every choice is drawn by itself."""

    seed: int
    config: dict[str, Any] = field(init=False)
    inputs: dict[str, Any] = field(init=False)
    labels: np.ndarray = field(init=False)
    ids: np.ndarray = field(init=False)
    choices: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        head_size, pct = ((8, 0.25), (8, 0.5), (10, 1.0), (6, 1.0), (16, 0.25), (12, 0.5), (2, 1.0))[self.seed % 7]
        heads, act = int(rng.integers(1, 6)), "gelu" if rng.random() < 0.75 else str(rng.choice(list(ACTIVATIONS)))
        self.choices = {"tied": bool(rng.integers(2)), "padding": str(rng.choice(["none", "left", "right"])),
                        "positions": bool(rng.integers(2)), "embeds": bool(rng.integers(2))}
        self.config = {
            "vocab_size": int(rng.integers(5, 60)), "hidden_size": heads * head_size, "num_attention_heads": heads,
            "num_hidden_layers": int(rng.integers(1, 5)), "intermediate_multiple_size": int(rng.integers(1, 5)),
            "hidden_act": act, "rotary_pct": pct, "rotary_emb_base": float(rng.choice([100, 10000])),
            "layer_norm_eps": float(rng.choice([1e-5, 1e-3])), "tie_word_embeddings": self.choices["tied"]}
        batch, length = int(rng.integers(1, 5)), int(rng.integers(2, 13))
        self.ids = rng.integers(0, self.config["vocab_size"], (batch, length))
        self.inputs = {"input_ids": self.ids}
        if self.choices["embeds"]:
            self.inputs = {"inputs_embeds": rng.normal(size=(batch, length, heads * head_size))}
        places, real = np.arange(length)[None], rng.integers(1, length + 1, (batch, 1))
        mask = {"none": np.ones_like(self.ids), "left": (places >= length - real).astype(int),
                "right": (places < real).astype(int)}[self.choices["padding"]]
        if self.choices["padding"] != "none" or self.choices["positions"]:
            self.inputs["attention_mask"] = mask  # with positions and no mask, transformers guesses packing (quirk 22)
        if self.choices["positions"]:
            self.inputs["position_ids"] = np.maximum(mask.cumsum(1) - 1, 0) + int(rng.integers(0, 9))
        self.labels = np.where(rng.random(self.ids.shape) < 0.3, -100, self.ids)
        self.labels[0, -1] = self.ids[0, -1]  # one at least counts


def test_every_pair_of_choices_occurs() -> None:
    cases = [Case(seed) for seed in range(SEEDS)]
    names = list(cases[0].choices)
    for one, other in itertools.combinations(names, 2):
        seen = {(case.choices[one], case.choices[other]) for case in cases}
        expected = itertools.product({c.choices[one] for c in cases}, {c.choices[other] for c in cases})
        assert seen == set(expected), (one, other)
    assert {case.ids.shape[0] for case in cases} == {1, 2, 3, 4}
    assert {case.config["num_hidden_layers"] for case in cases} == {1, 2, 3, 4}
    assert {case.config["hidden_act"] for case in cases} == set(ACTIVATIONS)


def ours(theirs: Any, dtype: str = "float64") -> GPTNeoXJapaneseForCausalLM:
    """The same weights here: the head the same array where it is tied."""
    tensors = {name: tensor.astype(dtype) for name, tensor in tensors_of(theirs).items()}
    if theirs.config.tie_word_embeddings:
        tensors["embed_out.weight"] = tensors[PREFIX + "embed_in.weight"]
    return GPTNeoXJapaneseForCausalLM(GPTNeoXJapaneseConfig.from_dict(theirs.config.to_dict()), nest(tensors))


def golden_tables(activations: dict[str, np.ndarray], inputs: dict[str, Any]) -> dict[str, np.ndarray]:
    """The reference's cos and sin, in the shape that ours have."""
    return {name: activations[name] if "position_ids" in inputs else activations[name][0] for name in TABLES}


def compare(got: dict[str, np.ndarray], expected: dict[str, np.ndarray], tolerance: float, figure: str) -> None:
    assert set(got) == set(expected)
    for name in set(got) - set(TABLES):
        error = relative_l2(got[name], expected[name])
        note(figure, error)
        assert error <= tolerance, name


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_activation_and_the_loss(seed: int) -> None:
    case = Case(seed)
    theirs = random_model(seed=seed, **case.config)
    output, expected = run(theirs, **case.inputs, use_cache=False, output_hidden_states=True, output_attentions=True)
    got: dict[str, np.ndarray] = {}
    tap = recording(got, replacing(golden_tables(expected, case.inputs)))
    mine = ours(theirs)(**case.inputs, labels=case.labels, use_cache=False, output_hidden_states=True,
                        output_attentions=True, tap=tap)
    compare(got, expected, tolerances.FLOAT64, "float64, their cos and sin: relative L2 of the worst activation")
    for one, other in ((mine.hidden_states, output.hidden_states), (mine.attentions, output.attentions)):
        assert one is not None
        assert len(one) == len(other)
        assert all(relative_l2(a, b.numpy()) <= tolerances.FLOAT64 for a, b in zip(one, other, strict=True))
    loss = cross_entropy64(expected["logits"], case.labels)
    note("float64, their cos and sin: relative error of the loss", abs(float(mine.loss) - loss) / loss)
    assert abs(float(mine.loss) - loss) <= tolerances.FLOAT64 * loss


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_cache_at_every_place_to_cut(seed: int) -> None:
    case = Case(seed)
    theirs = random_model(seed=seed, **case.config)
    model, length = ours(theirs), case.ids.shape[1]
    for cut in range(1, length):
        cache, their_cache = None, None
        for start, end in ((0, cut), (cut, length)):
            inputs = {name: value[:, :end] if name == "attention_mask" else value[:, start:end]
                      for name, value in case.inputs.items()}
            output, expected = run(theirs, **inputs, **{CACHE: their_cache}, use_cache=True)
            got: dict[str, np.ndarray] = {}
            tap = recording(got, replacing(golden_tables(expected, inputs)))
            cache = model(**inputs, past_key_values=cache, use_cache=True, tap=tap).past_key_values
            their_cache = output[CACHE]
            compare(got, expected, tolerances.FLOAT64, "float64, their cos and sin, cached: worst activation")


@pytest.mark.parametrize("seed", range(SEEDS))
def test_float32(seed: int) -> None:
    case = Case(seed)
    theirs = random_model(seed=seed, dtype=torch.float32, **case.config)
    if "inputs_embeds" in case.inputs:
        case.inputs["inputs_embeds"] = case.inputs["inputs_embeds"].astype(np.float32)
    _, expected = run(theirs, **case.inputs, use_cache=False)
    got: dict[str, np.ndarray] = {}
    ours(theirs, "float32")(**case.inputs, use_cache=False, tap=recording(got))
    assert all(value.dtype == np.float32 for value in got.values())
    compare(got, expected, tolerances.FLOAT32, "float32, our own cos and sin: worst activation")


@pytest.mark.parametrize("seed", range(SEEDS))
def test_our_float32_angles(seed: int) -> None:
    config = {**Case(seed).config, "vocab_size": 60}
    theirs = random_model(seed=seed, **config)
    ids = np.random.default_rng(seed).integers(0, 60, (2, 200))
    output, _ = run(theirs, input_ids=ids, use_cache=False)
    logits = ours(theirs)(ids, use_cache=False).logits
    for length in (10, 50, 100, 200):
        error = relative_l2(logits[:, :length], output.logits.numpy()[:, :length])
        note(f"float64, our own float32 cos and sin: logits of the first {length:3} tokens", error)
        assert error <= tolerances.FLOAT32_ANGLES


def test_half_a_layer_more_is_seen() -> None:
    """The comparison itself: a model with one number changed is not equal."""
    theirs = random_model(seed=0, **Case(0).config)
    model = ours(theirs)
    model.weights["gpt_neox_japanese"]["layers"][-1]["attention"]["dense_bias"][0] += 1e-6
    output, _ = run(theirs, input_ids=Case(0).ids, use_cache=False)
    assert relative_l2(model(Case(0).ids).logits, output.logits.numpy()) > tolerances.FLOAT64


def test_logits_to_keep_and_rows_that_see_nothing() -> None:
    case = Case(1)
    theirs = random_model(seed=1, **case.config)
    mask = np.zeros_like(case.ids)
    output, _ = run(theirs, input_ids=case.ids, attention_mask=mask, logits_to_keep=1, use_cache=False)
    mine = ours(theirs)(case.ids, mask, logits_to_keep=1)
    assert np.isfinite(mine.logits).all()
    assert relative_l2(mine.logits, output.logits.numpy()) <= tolerances.FLOAT32_ANGLES
    assert isinstance(mine.past_key_values, KeyValueCache)
