"""The two model classes: what they return, and what they refuse."""

import neoxja_np
import numpy as np
import pytest
from neoxja_np import GPTNeoXJapaneseForCausalLM, GPTNeoXJapaneseModel
from neoxja_np.model import forward

IDS = [[5, 9, 2, 77], [8, 8, 30, 1]]


def test_forward_is_the_model(model: GPTNeoXJapaneseForCausalLM) -> None:
    assert (forward(np.array(IDS), model.weights, config=model.config) == model(IDS).logits).all()


def test_what_was_not_asked_for_is_none(model: GPTNeoXJapaneseForCausalLM) -> None:
    output = model(IDS, use_cache=False)
    assert output.loss is output.past_key_values is output.hidden_states is output.attentions is None
    assert model(IDS).past_key_values is not None  # the config says use_cache


def test_an_output_prints_shapes(model: GPTNeoXJapaneseForCausalLM) -> None:
    shown = repr(model(IDS, labels=IDS, output_hidden_states=True))
    assert "logits=float64[2, 4, 810]" in shown
    assert "past_key_values=KeyValueCache(4 of 4 tokens)" in shown
    assert "hidden_states=4 x float64[2, 4, 64]" in shown
    assert "loss=" in shown
    assert "attentions" not in shown


def test_a_model_prints_its_size(model: GPTNeoXJapaneseForCausalLM) -> None:
    expected = f"(3 layers, hidden size 64, {model.num_parameters():,} parameters in float64)"
    assert repr(model) == "GPTNeoXJapaneseForCausalLM" + expected


def test_a_sequence_without_a_batch_axis(model: GPTNeoXJapaneseForCausalLM) -> None:
    assert np.allclose(model(IDS[0]).logits, model(IDS).logits[0], rtol=1e-12, atol=1e-12)


def test_logits_to_keep(model: GPTNeoXJapaneseForCausalLM) -> None:
    logits = model(IDS).logits
    assert logits is not None
    for keep, expected in ((0, logits), (1, logits[:, -1:]), (np.int64(3), logits[:, -3:]),
                           ([0, -1], logits[:, [0, 3]])):
        got = model(IDS, logits_to_keep=keep).logits
        assert got is not None
        assert got.shape == expected.shape
        assert np.allclose(got, expected, rtol=1e-12, atol=1e-12)


def test_the_base_model_is_the_model_without_its_head() -> None:
    base = GPTNeoXJapaneseModel.from_pretrained("random-ja", dtype="float64")
    whole = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja", dtype="float64")
    output = base(IDS, output_hidden_states=True, output_attentions=True)
    assert (output.last_hidden_state == whole(IDS).last_hidden_state).all()
    assert output.logits is None
    assert output.hidden_states is not None
    assert output.attentions is not None
    assert len(output.hidden_states) == 4
    assert len(output.attentions) == 3
    assert base.num_parameters() == whole.num_parameters() - 64 * base.config.vocab_size


def test_embeddings_stand_for_ids(model: GPTNeoXJapaneseForCausalLM) -> None:
    embeds = model.weights["gpt_neox_japanese"]["embed_in"]["weight"][np.array(IDS)]
    assert (model(inputs_embeds=embeds).logits == model(IDS).logits).all()


def test_dtype_in_is_dtype_out() -> None:
    for dtype in ("float32", "float64"):
        output = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja", dtype=dtype)(
            IDS, labels=IDS, output_hidden_states=True, output_attentions=True)
        assert output.hidden_states is not None
        assert output.attentions is not None
        assert {array.dtype for array in (output.logits, output.loss, output.last_hidden_state,
                                          *output.hidden_states, *output.attentions)} == {np.dtype(dtype)}


def test_exact_angles_are_near_float32_ones() -> None:
    one, other = (GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja", dtype="float64", angle_dtype=dtype)
                  for dtype in ("float32", "float64"))
    difference = np.abs(one(IDS).logits - other(IDS).logits).max()
    assert 0 < difference < 1e-4


def test_exactly_the_whole_context_fits(model: GPTNeoXJapaneseForCausalLM) -> None:
    ids = np.zeros((1, 256), int)
    assert model(ids, position_ids=np.arange(256), logits_to_keep=1).logits is not None
    assert model.generate(ids[:, :250], max_new_tokens=6).shape == (1, 256)


@pytest.mark.parametrize(("arguments", "error", "message"), [
    ({}, ValueError, "give exactly one of input_ids and inputs_embeds"),
    ({"input_ids": IDS, "inputs_embeds": np.zeros((2, 4, 64))}, ValueError, "give exactly one"),
    ({"input_ids": [[5, 810]]}, ValueError, "input_ids holds 810, but ids go from 0 to 809"),
    ({"input_ids": [[-1]]}, ValueError, "input_ids holds -1, but ids go from 0 to 809: do the tokenizer and the model"),
    ({"input_ids": [[]]}, ValueError, r"input_ids is empty \(shape \(1, 0\)\)"),
    ({"input_ids": 5}, ValueError, "input_ids is empty|at least one token"),
    ({"input_ids": [[1.5]]}, TypeError, "input_ids must hold whole numbers, got float64"),
    ({"input_ids": "猫"}, TypeError, "input_ids must hold whole numbers, got a str: encode the text first"),
    ({"input_ids": {"input_ids": IDS}}, TypeError, r"got a dict: give its parts, as \(\*\*it\)"),
    ({"input_ids": [[1, 2], [3]]}, TypeError, "input_ids must be a rectangular array"),
    ({"input_ids": np.zeros((1, 257), int)}, ValueError, "257 tokens do not fit into the context of 256"),
    ({"inputs_embeds": np.zeros((2, 4, 63))}, ValueError,
     r"inputs_embeds has shape \(2, 4, 63\), expected \[..., L, 64\]"),
    ({"input_ids": IDS, "attention_mask": [[1, 1, 1]]}, ValueError,
     r"attention_mask has shape \(1, 3\), expected \(2, 4\)"),
    ({"input_ids": IDS, "attention_mask": np.ones((2, 4))}, TypeError, "attention_mask must hold whole numbers"),
    ({"input_ids": IDS, "position_ids": [0, 1]}, ValueError, r"position_ids has shape \(2,\), expected \(2, 4\)"),
    ({"input_ids": IDS, "position_ids": [[0, 1, 2, -1]]}, ValueError, "position_ids holds -1; positions start at 0"),
    ({"input_ids": IDS, "position_ids": [[0, 1, 2, 256]]}, ValueError, "257 tokens do not fit"),
    ({"input_ids": IDS, "labels": IDS[:1]}, ValueError, r"labels has shape \(1, 4\), expected \(2, 4\)"),
    ({"input_ids": IDS, "labels": [[-1] * 4] * 2}, ValueError, "labels holds -1"),
    ({"input_ids": IDS, "labels": IDS, "logits_to_keep": 1}, ValueError, "labels need the logits of all tokens"),
    ({"input_ids": IDS, "labels": IDS, "logits_to_keep": [0, 1]}, ValueError, "labels need the logits of all tokens"),
    ({"input_ids": IDS, "logits_to_keep": -1}, ValueError, "logits_to_keep must be 0"),
    ({"input_ids": IDS, "logits_to_keep": [4]}, ValueError, "places among 4 tokens"),
])
def test_refused(model: GPTNeoXJapaneseForCausalLM, arguments: dict[str, object], error: type[Exception],
                 message: str) -> None:
    with pytest.raises(error, match=message):
        model(**arguments)


@pytest.mark.parametrize("name", ["dtype", "angle_dtype"])
def test_other_dtypes_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be float32 or float64, got 'float16'"):
        GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja", **{name: "float16"})


def test_the_public_face() -> None:
    assert all(hasattr(neoxja_np, name) for name in neoxja_np.__all__)
