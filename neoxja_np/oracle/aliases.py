"""Other tools' names of activations, in ours, with what has to be done where they mean another.

Read in transformers 5.24, TransformerLens 2 and llama.cpp's build_gptneox. What has no equal here
is left out, with the reason in NO_EQUAL: a trace that has it is told so.
"""

import re
from collections.abc import Callable, Mapping

import numpy as np

from neoxja_np.arrays import Array

Alias = tuple[str, Callable[[Array], Array] | None]  # our name, and what is done to the array


def heads_first(value: Array) -> Array:
    """value [B, L, H, K] -> [B, H, L, K]."""
    return np.moveaxis(value, -2, -3)


# A pattern of the foreign name, whose group is the layer's number.
ALIASES: Mapping[str, Mapping[str, Alias]] = {
    "transformers": {  # outputs of modules, by forward hooks
        r"gpt_neox_japanese\.embed_in": ("embed_in", None),
        r"gpt_neox_japanese\.layers\.(\d+)\.input_layernorm": ("input_layernorm", None),
        r"gpt_neox_japanese\.layers\.(\d+)\.attention\.query_key_value": (
            "attention.query_key_value", None),
        r"gpt_neox_japanese\.layers\.(\d+)\.post_attention_layernorm": (
            "post_attention_layernorm", None),
        r"gpt_neox_japanese\.layers\.(\d+)\.mlp\.dense_h_to_4h": ("mlp.dense_h_to_4h", None),
        r"gpt_neox_japanese\.layers\.(\d+)\.mlp\.act": ("mlp.act", None),
        r"gpt_neox_japanese\.layers\.(\d+)\.mlp\.dense_4h_to_h": ("mlp.dense_4h_to_h", None),
        r"gpt_neox_japanese\.layers\.(\d+)": ("output", None),
        r"gpt_neox_japanese\.final_layer_norm": ("final_layer_norm", None),
        r"embed_out": ("logits", None)},
    "TransformerLens": {
        r"hook_embed": ("embed_in", None),
        r"blocks\.(\d+)\.attn\.hook_q": ("attention.query", heads_first),
        r"blocks\.(\d+)\.attn\.hook_k": ("attention.key", heads_first),
        r"blocks\.(\d+)\.attn\.hook_v": ("attention.value", heads_first),
        r"blocks\.(\d+)\.attn\.hook_rot_q": ("attention.query_rotary", heads_first),
        r"blocks\.(\d+)\.attn\.hook_rot_k": ("attention.key_rotary", heads_first),
        r"blocks\.(\d+)\.attn\.hook_attn_scores": ("attention.scores", None),  # masked
        r"blocks\.(\d+)\.attn\.hook_pattern": ("attention.weights", None),
        r"blocks\.(\d+)\.attn\.hook_z": ("attention.context", heads_first),
        r"blocks\.(\d+)\.hook_attn_out": ("attention.dense", None),
        r"blocks\.(\d+)\.hook_resid_mid": ("attention_residual", None),
        r"blocks\.(\d+)\.mlp\.hook_pre": ("mlp.dense_h_to_4h", None),
        r"blocks\.(\d+)\.mlp\.hook_post": ("mlp.act", None),
        r"blocks\.(\d+)\.hook_mlp_out": ("mlp.dense_4h_to_h", None),
        r"blocks\.(\d+)\.hook_resid_post": ("output", None)},
    "llama.cpp": {  # eval-callback; -N is the layer
        r"inp_embd": ("embed_in", None),
        r"attn_norm-(\d+)": ("input_layernorm", None),
        r"wqkv-(\d+)": ("attention.query_key_value", None),
        r"Qcur-(\d+)": ("attention.query_rotary", heads_first),
        r"Kcur-(\d+)": ("attention.key_rotary", heads_first),
        r"Vcur-(\d+)": ("attention.value", heads_first),
        r"kq_soft_max(?:_ext)?-(\d+)": ("attention.weights", None),
        r"ffn_inp-(\d+)": ("attention_residual", None),
        r"ffn_norm-(\d+)": ("post_attention_layernorm", None),
        r"ffn_up-(\d+)": ("mlp.dense_h_to_4h", None),
        r"ffn_gelu-(\d+)": ("mlp.act", None),
        r"ffn_out-(\d+)": ("mlp.dense_4h_to_h", None),
        r"l_out-(\d+)": ("output", None),
        r"result_norm": ("final_layer_norm", None),
        r"result_output": ("logits", None)},
}
NO_EQUAL: Mapping[str, str] = {
    r".*\.attention\.dense": "before the last layer's bias, which transformers returns apart: add "
                             "it and call the sum layers.N.attention.dense",
    r".*hook_normalized": "before gain and bias: apply both and call it input_layernorm, "
                          "post_attention_layernorm or final_layer_norm",
    r".*hook_scale": "the root of the variance alone; no tap here has it",
    r".*hook_resid_pre": "the output of the layer before, or embed_in",
    r"kq-\d+": "not scaled: divide by the root of the head size and call it attention.scores",
    r"(bqkv|kqv.*|attn_out)-\d+": "not an activation of this model under a name that is sure",
}


def our_name(name: str) -> Alias:
    """Our name of a foreign activation, and what is done to it; the name itself if it is none."""
    for table in ALIASES.values():
        for pattern, (ours, change) in table.items():
            if found := re.fullmatch(pattern, name):
                layer = f"layers.{found[1]}." if found.re.groups else ""
                return layer + ours, change
    return name, None


def in_our_names(tensors: Mapping[str, Array]) -> dict[str, Array]:
    """Tensors under our names, with our axes; what is unknown stays as it is."""
    ours: dict[str, Array] = {}
    for name, value in tensors.items():
        known, change = our_name(name)
        fits = change is None or np.ndim(value) >= 3
        ours[known if fits else name] = change(value) if change and fits else value
    return ours


def why_not(name: str) -> str:
    """Why an activation of this name cannot be compared."""
    for pattern, reason in NO_EQUAL.items():
        if re.fullmatch(pattern, name):
            return reason
    return "no tap is called so"
