"""What a model's weights are: the checkpoint's own names, nested; its own layout, [out, in].

Nothing is transposed, fused or folded at load, so a weight here is a tensor of the file.
"""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict, cast

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.config import GPTNeoXJapaneseConfig
from neoxja_np.layers.linear import Linear

PREFIX = "gpt_neox_japanese."


class Embedding(TypedDict):
    weight: Array                     # [V, D]


class LayerNorm(TypedDict):
    weight: Array                     # [D]
    bias: Array                       # [D]


class AttentionWeights(TypedDict):
    query_key_value: Linear           # [H * 3 * K, D], rows by heads: query, key, value (quirk 1)
    dense: Linear                     # [D, D]
    dense_bias: NotRequired[Array]    # [D], the last layer's alone (quirk 3)


class MLPWeights(TypedDict):
    dense_h_to_4h: Linear             # [F, D]
    dense_4h_to_h: Linear             # [D, F]


class LayerWeights(TypedDict):
    input_layernorm: LayerNorm
    attention: AttentionWeights
    post_attention_layernorm: LayerNorm
    mlp: MLPWeights


class ModelWeights(TypedDict):
    embed_in: Embedding
    layers: list[LayerWeights]
    final_layer_norm: LayerNorm


class CausalLMWeights(TypedDict):
    gpt_neox_japanese: ModelWeights
    embed_out: Linear                 # [V, D]; the same array as embed_in where the two are tied


def shapes(config: GPTNeoXJapaneseConfig, *, head: bool = True) -> dict[str, tuple[int, ...]]:
    """Every tensor of a checkpoint, with its head or without, and its shape, in order of use."""
    d, f, v = config.hidden_size, config.intermediate_size, config.vocab_size
    last = config.num_hidden_layers - 1
    expected: dict[str, tuple[int, ...]] = {"embed_in.weight": (v, d)}
    for i in range(config.num_hidden_layers):
        in_layer: dict[str, tuple[int, ...]] = {
            "input_layernorm.weight": (d,),
            "input_layernorm.bias": (d,),
            "attention.query_key_value.weight": (3 * d, d),
            "attention.dense.weight": (d, d),
            **({"attention.dense_bias": (d,)} if i == last else {}),
            "post_attention_layernorm.weight": (d,),
            "post_attention_layernorm.bias": (d,),
            "mlp.dense_h_to_4h.weight": (f, d),
            "mlp.dense_4h_to_h.weight": (d, f),
        }
        expected |= {f"layers.{i}.{name}": shape for name, shape in in_layer.items()}
    expected |= {"final_layer_norm.weight": (d,), "final_layer_norm.bias": (d,)}
    expected = {PREFIX + name: shape for name, shape in expected.items()}
    return {**expected, "embed_out.weight": (v, d)} if head else expected


def initial_weights(config: GPTNeoXJapaneseConfig, *, rng: np.random.Generator,
                    dtype: str) -> CausalLMWeights:
    """Weights before any training.

    Matrices from a normal distribution of width initializer_range, norms neutral.
    """
    tensors: dict[str, Array] = {}
    for name, shape in shapes(config).items():
        if len(shape) > 1:
            tensors[name] = rng.normal(0.0, config.initializer_range, shape).astype(dtype)
        else:
            tensors[name] = np.full(shape, 1.0 if name.endswith("norm.weight") else 0.0, dtype)
    if config.tie_word_embeddings:
        tensors["embed_out.weight"] = tensors[PREFIX + "embed_in.weight"]
    return nest(tensors)


def nest(tensors: Mapping[str, Array]) -> CausalLMWeights:
    """Tensors under the checkpoint's dotted names -> the same arrays, nested."""
    tree: dict[str, Any] = {}
    for name, array in tensors.items():
        *path, leaf = name.split(".")
        node = tree
        for step in path:
            node = node.setdefault(step, {})
        node[leaf] = array
    model = tree[PREFIX.rstrip(".")]
    model["layers"] = [model["layers"][str(i)] for i in range(len(model["layers"]))]
    return cast(CausalLMWeights, tree)


def flatten(weights: object, prefix: str = "") -> dict[str, Array]:
    """The inverse of nest, for the whole tree or a part of it."""
    if isinstance(weights, dict):
        items = list(weights.items())
    elif isinstance(weights, list):
        items = [(str(i), part) for i, part in enumerate(weights)]
    else:
        return {prefix.rstrip("."): cast(Array, weights)}
    return {name: array for key, part in items
            for name, array in flatten(part, f"{prefix}{key}.").items()}
