"""Taps see every activation once, in order, and may replace it."""

import numpy as np
import pytest
from neoxja_np import GPTNeoXJapaneseForCausalLM, recording, replacing, tap_names
from neoxja_np.tap import scoped, silent

IDS = [[5, 9, 2]]


def test_names_in_order_each_once(model: GPTNeoXJapaneseForCausalLM) -> None:
    names: list[str] = []
    model(IDS, tap=lambda name, value: names.append(name) or value)
    assert names == tap_names(3)
    assert len(set(names)) == len(names)


def test_recording_changes_nothing_and_listening_costs_nothing_when_silent(model: GPTNeoXJapaneseForCausalLM) -> None:
    seen: dict[str, np.ndarray] = {}
    assert (model(IDS, tap=recording(seen)).logits == model(IDS).logits).all()
    assert scoped(silent, "attention") is silent
    only: dict[str, np.ndarray] = {}
    model(IDS, tap=recording(only, only={"logits"}))
    assert list(only) == ["logits"]


def test_a_replaced_value_goes_on(model: GPTNeoXJapaneseForCausalLM) -> None:
    seen: dict[str, np.ndarray] = {}
    knocked_out = replacing({"layers.0.mlp.act": np.zeros_like, "layers.1.output": lambda x: x * 2})
    model(IDS, tap=recording(seen, knocked_out))
    assert not seen["layers.0.mlp.dense_4h_to_h"].any()
    assert (seen["layers.0.output"] == seen["layers.0.attention_residual"]).all()
    doubled: dict[str, np.ndarray] = {}
    model(IDS, tap=recording(doubled, replacing({"layers.0.mlp.act": np.zeros_like})))
    assert (seen["layers.1.output"] == 2 * doubled["layers.1.output"]).all()


def test_what_cannot_be_replaced(model: GPTNeoXJapaneseForCausalLM) -> None:
    with pytest.raises(ValueError, match=r"no activation is called 'layers\.0\.mlp\.gelu'"):
        replacing({"layers.0.mlp.gelu": np.zeros(3)})
    with pytest.raises(ValueError, match=r"layers.7.output: not reached; has the model this layer\?"):
        model(IDS, tap=replacing({"layers.7.output": np.zeros_like}))
    with pytest.raises(ValueError, match=r"embed_in has shape \(1, 3, 64\), its replacement \(3,\)"):
        model(IDS, tap=replacing({"embed_in": np.zeros(3)}))


def test_a_replacement_takes_the_dtype_of_what_it_replaces() -> None:
    single = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja")
    for new in (lambda x: x.astype(np.float64), np.ones((1, 3, 64)).tolist()):
        logits = single(IDS, tap=replacing({"layers.0.output": new})).logits
        assert logits is not None
        assert logits.dtype == np.float32
