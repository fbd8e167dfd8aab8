"""Hugging Face's own model, with every parameter redrawn and every activation read out under this package's names.

The only place, with tools/make_golden.py, tools/torch_sample.py, benchmarks/ and tests/parity/, that imports torch.
"""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode
from transformers import GPTNeoXJapaneseConfig, GPTNeoXJapaneseForCausalLM

Activations = dict[str, np.ndarray]
CACHE = "past_key_values"  # the argument and the output; renamed in transformers 5.24
if CACHE not in inspect.signature(GPTNeoXJapaneseForCausalLM.forward).parameters:
    CACHE = "cache"


def random_model(*, seed: int, dtype: torch.dtype = torch.float64, scale: float = 1.0,
                 **config: Any) -> GPTNeoXJapaneseForCausalLM:
    """A model of that config in which every parameter is drawn anew, biases and norms too.

    Under the library's own initialisation a dropped dense_bias or an ignored LayerNorm weight would not show.
    `scale` multiplies the embedding; a small one makes LayerNorm's eps matter.
    """
    config = {"bos_token_id": None, "eos_token_id": None, **config}
    model = GPTNeoXJapaneseForCausalLM(GPTNeoXJapaneseConfig(**config)).to(dtype).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            fresh = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            if parameter.ndim == 2 and "embed" not in name:
                fresh = fresh * 1.5 / parameter.shape[1] ** 0.5
            elif name.endswith("norm.weight"):
                fresh = 1.0 + 0.5 * fresh
            parameter.copy_(fresh * (scale if name.endswith("embed_in.weight") else 1.0))
    return model


def tensors_of(model: GPTNeoXJapaneseForCausalLM) -> Activations:
    """The checkpoint's tensors; a tied head is among them."""
    return {name: tensor.detach().numpy().copy() for name, tensor in model.state_dict().items()}


def run(model: GPTNeoXJapaneseForCausalLM, **inputs: Any) -> tuple[Any, Activations]:
    """The model's output and its activations, as arrays. Arrays among the inputs become tensors."""
    tensors = {name: torch.from_numpy(np.ascontiguousarray(value)) if isinstance(value, np.ndarray) else value
               for name, value in inputs.items()}
    activations: Activations = {}
    with torch.no_grad(), listening(model, activations):
        output = model(**tensors)
    return output, activations


class _Scores(TorchFunctionMode):
    """Sees torch.baddbmm, with which this model computes its scores and nothing else."""

    def __init__(self, keep: Any) -> None:
        super().__init__()
        self.keep = keep

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        if function is torch.baddbmm:
            self.keep(result)
        return result


@contextmanager
def listening(model: GPTNeoXJapaneseForCausalLM, into: Activations) -> Iterator[None]:
    """While inside, every call of the model leaves its activations in `into`."""
    base, hooks = model.gpt_neox_japanese, []
    heads = model.config.num_attention_heads

    def keep(name: str, value: torch.Tensor) -> None:
        into[name] = value.detach().numpy().copy()

    def split(merged: torch.Tensor) -> torch.Tensor:     # [B, L, H * n] -> [B, H, L, n]
        return merged.view(*merged.shape[:2], heads, -1).transpose(1, 2)

    def on_output(module: Any, name: str) -> None:
        hooks.append(module.register_forward_hook(lambda _m, _i, output: keep(name, output)))

    def on_attention(prefix: str) -> Any:
        def read(_module: Any, _inputs: Any, output: Any) -> None:
            out, weights, bias = output
            keep(f"{prefix}.weights", weights)
            keep(f"{prefix}.dense", out if bias is None else out + bias)
        return read

    def read_tables(_module: Any, _inputs: Any, output: Any) -> None:
        keep("rotary.cos", output[0])
        keep("rotary.sin", output[1])

    def on_layer(i: int) -> None:
        layer, prefix = base.layers[i], f"layers.{i}"
        on_output(layer.input_layernorm, f"{prefix}.input_layernorm")
        on_output(layer.post_attention_layernorm, f"{prefix}.post_attention_layernorm")
        on_output(layer.mlp.dense_h_to_4h, f"{prefix}.mlp.dense_h_to_4h")
        on_output(layer.mlp.act, f"{prefix}.mlp.act")
        on_output(layer.mlp.dense_4h_to_h, f"{prefix}.mlp.dense_4h_to_h")
        attention = f"{prefix}.attention"

        def read_qkv(_module: Any, _inputs: Any, qkv: torch.Tensor) -> None:
            keep(f"{attention}.query_key_value", qkv)
            for name, part in zip(("query", "key", "value"), split(qkv).chunk(3, dim=-1), strict=True):
                keep(f"{attention}.{name}", part)

        original = layer.attention._attn

        def read_rotary(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: Any = None) -> Any:
            keep(f"{attention}.query_rotary", query)
            keep(f"{attention}.key_rotary", key[..., -query.shape[-2]:, :])
            with _Scores(lambda scores: keep(f"{attention}.scores", scores.view(*query.shape[:3], -1))):
                return original(query, key, value, mask)

        layer.attention._attn = read_rotary
        hooks.append(layer.attention.query_key_value.register_forward_hook(read_qkv))
        hooks.append(layer.attention.register_forward_hook(on_attention(attention)))
        hooks.append(layer.attention.dense.register_forward_hook(
            lambda _m, inputs, _o: keep(f"{attention}.context", split(inputs[0]))))
        hooks.append(layer.post_attention_layernorm.register_forward_hook(
            lambda _m, inputs, _o: keep(f"{prefix}.attention_residual", inputs[0])))
        hooks.append(layer.register_forward_hook(lambda _m, _i, output: keep(f"{prefix}.output", output[0])))

    hooks.append(base.layers[0].input_layernorm.register_forward_hook(
        lambda _m, inputs, _o: keep("embed_in", inputs[0])))
    hooks.append(base.rotary_emb.register_forward_hook(read_tables))
    for i in range(len(base.layers)):
        on_layer(i)
    on_output(base.final_layer_norm, "final_layer_norm")
    on_output(model.embed_out, "logits")
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
        for layer in base.layers:
            del layer.attention._attn


def cross_entropy64(logits: np.ndarray, labels: np.ndarray) -> float:
    """torch's cross entropy in float64 over shifted logits, for transformers' own loss is float32."""
    flat = torch.from_numpy(logits[:, :-1].reshape(-1, logits.shape[-1])).double()
    targets = torch.from_numpy(labels[:, 1:].reshape(-1))
    return float(torch.nn.functional.cross_entropy(flat, targets, ignore_index=-100))
