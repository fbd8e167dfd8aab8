"""The nested weights and the checkpoint's names are the same thing."""

import numpy as np
from neoxja_np import GPTNeoXJapaneseConfig
from neoxja_np.weights import flatten, initial_weights, nest, shapes

CONFIG = GPTNeoXJapaneseConfig(vocab_size=11, hidden_size=12, num_hidden_layers=12, num_attention_heads=3)


def test_nest_and_flatten_are_inverse() -> None:
    flat = {name: np.full(shape, i) for i, (name, shape) in enumerate(shapes(CONFIG).items())}
    again = flatten(nest(flat))
    assert list(again) == list(flat)
    assert all(again[name] is flat[name] for name in flat)


def test_only_the_last_layer_has_dense_bias() -> None:
    assert [name for name in shapes(CONFIG) if "dense_bias" in name] == [
        "gpt_neox_japanese.layers.11.attention.dense_bias"]


def test_parameters_of_the_2_7b_model() -> None:
    count = sum(int(np.prod(shape)) for shape in shapes(GPTNeoXJapaneseConfig()).values())
    embeddings, layer, rest = 2 * 32000 * 2560, 12 * 2560**2 + 4 * 2560, 3 * 2560  # rest: dense_bias, last norm
    assert count == embeddings + 32 * layer + rest == 2_680_757_760


def test_initial_weights() -> None:
    weights = initial_weights(CONFIG, rng=np.random.default_rng(0), dtype="float32")
    assert weights["embed_out"]["weight"] is weights["gpt_neox_japanese"]["embed_in"]["weight"]
    norm = weights["gpt_neox_japanese"]["layers"][3]["input_layernorm"]
    assert (norm["weight"] == 1).all()
    assert (norm["bias"] == 0).all()
    assert all((array == 1).all() for name, array in flatten(weights).items() if name.endswith("norm.weight"))
    assert not any(array.any() for name, array in flatten(weights).items() if name.endswith("bias"))
    wide = GPTNeoXJapaneseConfig(vocab_size=999, hidden_size=12, num_attention_heads=3, num_hidden_layers=1,
                                 initializer_range=0.5)
    head = initial_weights(wide, rng=np.random.default_rng(0), dtype="float32")["embed_out"]["weight"]
    assert 0.48 < head.std() < 0.52
    dense = weights["gpt_neox_japanese"]["layers"][3]["mlp"]["dense_h_to_4h"]["weight"]
    assert 0.015 < dense.std() < 0.025
    assert dense.dtype == np.float32
