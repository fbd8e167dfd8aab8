"""config.json of every generation, and what is refused."""

import json
from pathlib import Path

import pytest
from neoxja_np import ConfigError, GPTNeoXJapaneseConfig


def test_defaults_are_those_of_the_2_7b_model() -> None:
    config = GPTNeoXJapaneseConfig()
    assert (config.head_size, config.rotary_ndims, config.intermediate_size) == (80, 80, 10240)
    assert (config.bos_token_id, config.eos_token_id, config.tie_word_embeddings) == (31996, 31999, True)


@pytest.mark.parametrize(("fields", "pct", "base"), [
    ({}, 1.0, 10000.0),
    ({"rotary_pct": 0.5, "rotary_emb_base": 500}, 0.5, 500.0),
    ({"rope_parameters": {"rope_type": "default", "rope_theta": 77.0, "partial_rotary_factor": 0.25}}, 0.25, 77.0),
    ({"rotary_pct": 0.5, "rope_parameters": {"rope_theta": 77.0}}, 0.5, 77.0),
    ({"rotary_pct": 0.5, "rope_parameters": {"partial_rotary_factor": 0.25}}, 0.25, 10000.0),
    ({"rope_scaling": None, "rope_parameters": None}, 1.0, 10000.0),
    ({"rope_parameters": {"rope_theta": 77.0}, "rope_scaling": {"type": "default", "rope_theta": 5.0}}, 1.0, 5.0),
])
def test_rotary_fields_of_every_generation(fields: dict[str, object], pct: float, base: float) -> None:
    config = GPTNeoXJapaneseConfig.from_dict(fields)
    assert (config.rotary_pct, config.rotary_emb_base) == (pct, base)
    again = GPTNeoXJapaneseConfig.from_dict(json.loads(json.dumps(config.to_dict())))
    assert again == config
    assert "rotary_pct" not in config.to_dict()
    assert config.to_dict()["rope_parameters"]["rope_theta"] == base


def test_unknown_fields_are_written_back() -> None:
    fields = {"torch_dtype": "float16", "architectures": ["X"], "nested": {"a": [1, None]}}
    config = GPTNeoXJapaneseConfig.from_dict(fields)
    assert fields.items() <= config.to_dict().items()
    assert config.to_dict()["model_type"] == "gpt_neox_japanese"


@pytest.mark.parametrize(("fields", "message"), [
    ({"model_type": "gpt_neox"}, "model_type is 'gpt_neox'; this package implements 'gpt_neox_japanese'"),
    ({"rope_parameters": {"rope_type": "yarn"}}, "rope type 'yarn' is not implemented"),
    ({"rope_scaling": {"type": "linear", "factor": 2.0}}, "rope type 'linear' is not implemented"),
    ({"hidden_act": "gelu_fast"}, "hidden_act 'gelu_fast' is not implemented; there are gelu, gelu_new"),
    ({"hidden_size": 24, "num_attention_heads": 5}, "24 is not divisible by num_attention_heads 5"),
    ({"hidden_size": 21, "num_attention_heads": 3}, "must be even and from 2 to the head size 7"),
    ({"hidden_size": 24, "num_attention_heads": 3, "rotary_pct": 0.1}, "a share of 0.1 gives 0"),
    ({"rotary_pct": 2.0}, "a share of 2.0 gives 160"),
    ({"rotary_pct": -0.5}, "partial_rotary_factor must be a positive number, got -0.5"),
    ({"rotary_emb_base": "10000"}, "rope_theta must be a positive number, got '10000'"),
    ({"layer_norm_eps": 0}, "layer_norm_eps must be a positive number, got 0"),
    ({"num_hidden_layers": 0}, "num_hidden_layers must be a whole number of at least 1, got 0"),
    ({"vocab_size": 2.5}, "vocab_size must be a whole number of at least 1, got 2.5"),
    ({"vocab_size": True}, "vocab_size must be a whole number"),
    ({"rope_parameters": 5}, "rope_parameters must be an object, got 5"),
    ({"rotary_emb_base": 10**400}, "rope_theta must be a positive number"),
    ({"eos_token_id": "a"}, "eos_token_id must be a token id or null, got 'a'"),
    ({"initializer_range": -1}, "initializer_range must be a number of at least 0, got -1"),
    ({"attention_dropout": "x"}, "attention_dropout must be a number of at least 0, got 'x'"),
    ({"tie_word_embeddings": "false"}, "tie_word_embeddings must be true or false, got 'false'"),
])
def test_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        GPTNeoXJapaneseConfig.from_dict(fields)
    assert message in str(caught.value)


@pytest.mark.parametrize(("content", "message"), [
    (b"{", "is not JSON"), (b"[]", "must hold one JSON object, got list"), (b"\xff{}", "is not UTF-8: byte 0xff at 0")])
def test_broken_files(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        GPTNeoXJapaneseConfig.from_pretrained(tmp_path)
