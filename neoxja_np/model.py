"""GPT-NeoX-Japanese, whole: layer(), transformer(), forward(). Pure functions of arrays."""

import numpy as np

from neoxja_np.arrays import Array, IntArray
from neoxja_np.cache import KeyValueCache, LayerCache
from neoxja_np.config import GPTNeoXJapaneseConfig
from neoxja_np.layers.attention import attention, causal_mask
from neoxja_np.layers.embedding import embedding
from neoxja_np.layers.layer_norm import layer_norm
from neoxja_np.layers.linear import linear
from neoxja_np.layers.mlp import mlp
from neoxja_np.layers.rotary import rotary_tables
from neoxja_np.tap import Tap, scoped, silent
from neoxja_np.weights import CausalLMWeights, LayerWeights, ModelWeights


def layer(x: Array, w: LayerWeights, *, config: GPTNeoXJapaneseConfig, cos: Array, sin: Array,
          mask: Array, cache: LayerCache | None = None, tap: Tap = silent) -> Array:
    """x [..., L, D], cos [..., L, R], sin [..., L, R], mask [..., L, M] -> [..., L, D].

    Attention, then the MLP: each is added to the stream that runs past it, one after the other
    (quirk 8). GPTNeoXJapaneseLayer.
    """
    eps = config.layer_norm_eps
    h = tap("input_layernorm", layer_norm(x, **w["input_layernorm"], eps=eps))
    x = tap("attention_residual", x + attention(
        h, **w["attention"], num_attention_heads=config.num_attention_heads,
        cos=cos, sin=sin, mask=mask, cache=cache, tap=scoped(tap, "attention")))
    h = tap("post_attention_layernorm", layer_norm(x, **w["post_attention_layernorm"], eps=eps))
    return tap("output", x + mlp(
        h, **w["mlp"], hidden_act=config.hidden_act, tap=scoped(tap, "mlp")))


def transformer(input_ids: IntArray | None, w: ModelWeights, *, config: GPTNeoXJapaneseConfig,
                inputs_embeds: Array | None = None, attention_mask: IntArray | None = None,
                position_ids: IntArray | None = None, cache: KeyValueCache | None = None,
                angle_dtype: str = "float32", tap: Tap = silent) -> Array:
    """input_ids [..., L] -> [..., L, D]: embedding, every layer, the last norm.

    inputs_embeds [..., L, D] may stand for the ids. attention_mask [..., M] is 0 at padding.
    position_ids [..., L] go on from the cache where they are not given. GPTNeoXJapaneseModel.
    """
    if inputs_embeds is None:
        assert input_ids is not None, "one of the two is given"
        inputs_embeds = embedding(input_ids, **w["embed_in"])
    x = tap("embed_in", inputs_embeds)
    length, past = x.shape[-2], 0 if cache is None else cache.length
    if cache is not None:
        cache.reserve(length)
    if position_ids is None:
        position_ids = np.arange(past, past + length, dtype=np.int64)
    cos, sin = rotary_tables(position_ids, rotary_ndims=config.rotary_ndims,
                             base=config.rotary_emb_base, angle_dtype=angle_dtype)
    cos, sin = tap("rotary.cos", cos.astype(x.dtype)), tap("rotary.sin", sin.astype(x.dtype))
    mask = causal_mask(length, past=past, attention_mask=attention_mask, dtype=x.dtype)

    for i, layer_weights in enumerate(w["layers"]):
        x = layer(x, layer_weights, config=config, cos=cos, sin=sin, mask=mask,
                  cache=None if cache is None else cache.layer(i), tap=scoped(tap, f"layers.{i}"))
    if cache is not None:
        cache.advance(length)
    return tap("final_layer_norm", layer_norm(
        x, **w["final_layer_norm"], eps=config.layer_norm_eps))


def forward(input_ids: IntArray | None, w: CausalLMWeights, *, config: GPTNeoXJapaneseConfig,
            inputs_embeds: Array | None = None, attention_mask: IntArray | None = None,
            position_ids: IntArray | None = None, cache: KeyValueCache | None = None,
            keep: slice | IntArray = slice(None), angle_dtype: str = "float32",
            tap: Tap = silent) -> Array:
    """input_ids [..., L] -> [..., kept, V]: the logits of the token after each that is kept.

    `keep` picks tokens, all if not given; the rest is transformer()'s. GPTNeoXJapaneseForCausalLM.
    """
    x = transformer(input_ids, w["gpt_neox_japanese"], config=config, inputs_embeds=inputs_embeds,
                    attention_mask=attention_mask, position_ids=position_ids, cache=cache,
                    angle_dtype=angle_dtype, tap=tap)
    return tap("logits", linear(x[..., keep, :], **w["embed_out"]))
