"""The whole model backward: loss_and_gradients(), which training calls, and backward()."""

from collections.abc import Mapping

from neoxja_np.arrays import Array, IntArray
from neoxja_np.config import GPTNeoXJapaneseConfig
from neoxja_np.gradients.attention import attention_backward
from neoxja_np.gradients.embedding import embedding_backward
from neoxja_np.gradients.layer_norm import layer_norm_backward
from neoxja_np.gradients.linear import linear_backward
from neoxja_np.gradients.loss import causal_lm_loss_backward
from neoxja_np.gradients.mlp import mlp_backward
from neoxja_np.layers.loss import causal_lm_loss
from neoxja_np.model import forward
from neoxja_np.tap import Tap, recording, silent
from neoxja_np.weights import CausalLMWeights, LayerNorm, LayerWeights

NEEDED = ("input_layernorm", "attention.query_rotary", "attention.key_rotary", "attention.value",
          "attention.weights", "attention.context", "attention_residual",
          "post_attention_layernorm", "mlp.dense_h_to_4h", "mlp.act", "output")  # of each layer


def loss_and_gradients(input_ids: IntArray, labels: IntArray, w: CausalLMWeights, *,
                       config: GPTNeoXJapaneseConfig, attention_mask: IntArray | None = None,
                       position_ids: IntArray | None = None, angle_dtype: str = "float32",
                       tap: Tap = silent) -> tuple[Array, CausalLMWeights]:
    """input_ids [..., L], labels [..., L] -> the loss [], and its gradient by every weight.

    The gradients are a tree like the weights'. Where the head is tied, its gradient and the
    embedding's are one array, the sum of both. Labels as in causal_lm_loss(), the rest as in
    forward(); no dropout is applied, whatever the config says.
    """
    activations: dict[str, Array] = {}
    needed = {"embed_in", "rotary.cos", "rotary.sin", "final_layer_norm", *(
        f"layers.{i}.{name}" for i in range(config.num_hidden_layers) for name in NEEDED)}
    logits = forward(input_ids, w, config=config, attention_mask=attention_mask,
                     position_ids=position_ids, angle_dtype=angle_dtype,
                     tap=recording(activations, tap, only=needed))
    dlogits = causal_lm_loss_backward(logits, labels)
    return causal_lm_loss(logits, labels), backward(dlogits, input_ids, activations, w,
                                                    config=config)


def backward(dlogits: Array, input_ids: IntArray, activations: Mapping[str, Array],
             w: CausalLMWeights, *, config: GPTNeoXJapaneseConfig) -> CausalLMWeights:
    """dlogits [..., L, V], input_ids [..., L] -> the gradient by every weight, a tree like theirs.

    activations: what forward() passed through its tap, by name: those that NEEDED lists.
    The residual stream forks twice a layer, so twice two derivatives by it are added.
    """
    model, eps = w["gpt_neox_japanese"], config.layer_norm_eps
    cos, sin = activations["rotary.cos"], activations["rotary.sin"]
    dh, dhead = linear_backward(dlogits, activations["final_layer_norm"], **w["embed_out"])
    last = f"layers.{config.num_hidden_layers - 1}.output"
    dx, final_layer_norm = norm_backward(dh, activations[last], model["final_layer_norm"], eps)

    layers: list[LayerWeights] = []
    for i, weights in reversed([*enumerate(model["layers"])]):
        a = {name: activations[f"layers.{i}.{name}"] for name in NEEDED}
        dh, d_h_to_4h, d_4h_to_h = mlp_backward(
            dx, a["post_attention_layernorm"], a["mlp.dense_h_to_4h"], a["mlp.act"],
            **weights["mlp"], hidden_act=config.hidden_act)
        dh, post_attention_layernorm = norm_backward(
            dh, a["attention_residual"], weights["post_attention_layernorm"], eps)
        dx = dx + dh
        dh, attention = attention_backward(
            dx, a["input_layernorm"], a["attention.query_rotary"], a["attention.key_rotary"],
            a["attention.value"], a["attention.weights"], a["attention.context"],
            **weights["attention"], cos=cos, sin=sin)
        x = activations[f"layers.{i - 1}.output" if i else "embed_in"]
        dh, input_layernorm = norm_backward(dh, x, weights["input_layernorm"], eps)
        dx = dx + dh
        layers.insert(0, {
            "input_layernorm": input_layernorm, "attention": attention,
            "post_attention_layernorm": post_attention_layernorm,
            "mlp": {"dense_h_to_4h": {"weight": d_h_to_4h},
                    "dense_4h_to_h": {"weight": d_4h_to_h}}})

    dembedding = embedding_backward(dx, input_ids, **model["embed_in"])
    if w["embed_out"]["weight"] is model["embed_in"]["weight"]:
        dembedding = dhead = dembedding + dhead
    return {"gpt_neox_japanese": {"embed_in": {"weight": dembedding}, "layers": layers,
                                  "final_layer_norm": final_layer_norm},
            "embed_out": {"weight": dhead}}


def norm_backward(dy: Array, x: Array, w: LayerNorm, eps: float) -> tuple[Array, LayerNorm]:
    """dy [..., D], x [..., D] -> dx [..., D], and the gradients of a layer norm's weights."""
    dx, dweight, dbias = layer_norm_backward(dy, x, w["weight"], eps=eps)
    return dx, {"weight": dweight, "bias": dbias}
