"""Every activation of Hugging Face's own GPT-NeoX-Japanese in torch, under this project's names."""

import inspect
from itertools import pairwise
from typing import Any

import torch
from safetensors.torch import load_file
from torch.nn.functional import pad
from transformers import GPTNeoXJapaneseConfig, GPTNeoXJapaneseForCausalLM

torch.set_grad_enabled(False)
ARGUMENTS = inspect.signature(GPTNeoXJapaneseForCausalLM.forward).parameters
CACHE = "cache" if "cache" in ARGUMENTS else "past_key_values"  # renamed in transformers 5.24
MODULES: dict[str, tuple[Any, Any]] = {}        # of the last call: what went in and out, by name
PRODUCTS: list[tuple[torch.Tensor, ...]] = []   # by layer: query, key after rotary, and scores


def load(config_file: str, weights_file: str, dtype: str) -> GPTNeoXJapaneseForCausalLM:
    MODULES.clear()
    model, report = GPTNeoXJapaneseForCausalLM.from_pretrained(
        None, config=GPTNeoXJapaneseConfig.from_json_file(config_file),
        state_dict=load_file(weights_file), dtype=getattr(torch, dtype),
        attn_implementation="eager", output_loading_info=True)
    if report["missing_keys"]:
        raise ValueError(f"missing: {', '.join(sorted(report['missing_keys']))}")
    for name, module in model.eval().named_modules():
        module.register_forward_hook(
            lambda _module, into, out, name=name: MODULES.update({name: (into, out)}))
    return model


def baddbmm(*args: Any, original: Any = torch.baddbmm, **kwargs: Any) -> torch.Tensor:
    scores = original(*args, **kwargs)
    PRODUCTS.append((args[1], args[2].mT, scores))
    return scores


torch.baddbmm = baddbmm  # no module has the scores, and nothing else in this model calls it


def activations(heads: int, length: int) -> dict[str, torch.Tensor]:
    def split(x: torch.Tensor) -> torch.Tensor:     # [B, L, H * n] -> [B, H, L, n]
        return x.unflatten(-1, (heads, -1)).transpose(1, 2)

    into, out = ({name.removeprefix("gpt_neox_japanese."): module[i]
                  for name, module in MODULES.items()} for i in (0, 1))
    cos, sin = out["rotary_emb"]
    taps = {**out, "rotary.cos": cos, "rotary.sin": sin, "logits": out["embed_out"]}
    for i, product in enumerate(PRODUCTS):
        layer = f"layers.{i}"
        query, key, value = split(out[f"{layer}.attention.query_key_value"]).chunk(3, dim=-1)
        query_rotary, keys, scores = (x.unflatten(0, (-1, heads)) for x in product)
        mixed, weights, bias = out[f"{layer}.attention"]
        found = {"attention.query": query, "attention.key": key, "attention.value": value,
                 "attention.query_rotary": query_rotary,
                 "attention.key_rotary": keys[:, :, -length:],  # those before are the cache's
                 "attention.scores": scores, "attention.weights": weights,
                 "attention.context": split(into[f"{layer}.attention.dense"][0]),
                 "attention.dense": mixed if bias is None else mixed + bias,
                 "attention_residual": into[f"{layer}.post_attention_layernorm"][0],
                 "output": out[layer][0]}
        taps |= {f"{layer}.{name}": x for name, x in found.items()}
    return taps


def trace(model: GPTNeoXJapaneseForCausalLM, ids: torch.Tensor, mask: torch.Tensor,
          positions: torch.Tensor, cuts: list[int], names: list[str]) -> dict[str, torch.Tensor]:
    calls, cache, length = [], None, ids.shape[1]
    for start, end in pairwise([0, *cuts, length]):
        PRODUCTS.clear()
        inputs = {"position_ids": positions[:, start:end], "use_cache": True, CACHE: cache}
        cache = model(ids[:, start:end], attention_mask=mask[:, :end], **inputs)[CACHE]
        taps = activations(model.config.num_attention_heads, end - start)
        calls.append({name: pad(taps[name], (0, length - end)) if name.endswith(
            (".scores", ".weights")) else taps[name] for name in names if name in taps})
    return {name: torch.cat([call[name] for call in calls], dim=-2) for name in calls[0]}
