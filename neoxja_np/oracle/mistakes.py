"""Known mistakes of ports of this model, each a patch at the place where a function is used.

The model's own files know nothing of them. `with inject("qkv_concat"):` runs this package as the
port with that mistake would run.
"""

import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np

from neoxja_np import model, pretrained
from neoxja_np.arrays import Array, IntArray
from neoxja_np.generation import search
from neoxja_np.layers import attention, mlp
from neoxja_np.layers.activation import gelu_tanh, relu
from neoxja_np.layers.attention import merge_heads
from neoxja_np.oracle import cases
from neoxja_np.oracle.patch import Where, patched
from neoxja_np.oracle.roundings import to_bfloat16
from neoxja_np.tap import scoped, silent
from neoxja_np.tokenizer import pretrained as tokenizer
from neoxja_np.tokenizer import subword, vocabulary_file
from neoxja_np.tokenizer.normalize import normalize

Wrong = Callable[[Callable[..., Any]], Callable[..., Any]]  # the right function -> the wrong one


@dataclass(frozen=True)
class Mistake:
    """A mistake: what it is, where it was made in the open, and how it is planted."""

    name: str
    family: str
    summary: str
    seen: str                     # public cases, owner/repository#number; empty where none is known
    where: Where                  # the module that uses the function, and the function's name there
    wrong: Wrong
    equivalent: bool = False      # no output on real tokens can show it


MISTAKES: dict[str, Mistake] = {}
INJECTED: list[str] = []    # by whoever is inside inject() now: nothing can be judged by this then


def mistake(family: str, where: Where, summary: str, *, name: str = "", seen: str = "",
            equivalent: bool = False) -> Callable[[Wrong], Wrong]:
    """Enters a function, from the right function to the wrong one, under its name or another."""
    def enter(wrong: Wrong) -> Wrong:
        label = name or wrong.__name__
        MISTAKES[label] = Mistake(label, family, summary, seen, where, wrong, equivalent)
        return wrong
    return enter


@contextmanager
def inject(name: str) -> Iterator[Mistake]:
    """While inside, the mistake is made by the model and the tokenizer.

    Not by a function that you have imported yourself: the patch stands where the package uses it.
    MISTAKES lists them. A run must be one that the mistake can show in: with a cache, padding, a
    tied head or hidden_states for those that concern them.
    Raises ValueError for an unknown name, and RuntimeError where the patched function was never
    called: then nothing was tested.
    """
    if name not in MISTAKES:
        raise ValueError(f"no mistake is called {name!r}; there are {', '.join(MISTAKES)}")
    mistake = MISTAKES[name]
    INJECTED.append(name)
    try:
        with scan_off(), patched(mistake.where, mistake.wrong) as calls:
            yield mistake
    finally:
        INJECTED.remove(name)
    if not calls[0]:
        module, attribute = mistake.where
        raise RuntimeError(f"{name} was planted, but {module.__name__}.{attribute} was not called")


@contextmanager
def scan_off() -> Iterator[None]:
    """While inside, the tokenizer walks: its faster scan knows no mistakes."""
    scan_from, tokenizer.SCAN_FROM = tokenizer.SCAN_FROM, sys.maxsize
    try:
        yield
    finally:
        tokenizer.SCAN_FROM = scan_from


@contextmanager
def planted(names: Iterable[str]) -> Iterator[None]:
    """While inside, the model makes all these mistakes, a later one upon an earlier.

    As inject(), but whether the run shows them, or can, is for the caller to see.
    """
    with scan_off(), ExitStack() as patches:
        for name in names:
            patches.enter_context(patched(MISTAKES[name].where, MISTAKES[name].wrong))
        yield


# ---- layout ----

SPLIT, MERGE = (attention, "split_heads"), (attention, "merge_heads")


def _heads(part: Array, heads: int) -> Array:
    *batch, length, width = part.shape
    return part.reshape(*batch, length, heads, width // heads).swapaxes(-3, -2)


@mistake("layout", SPLIT, "query_key_value cut in three thirds, then into heads",
         seen="lablup/mlxcel#928, elixir-nx/bumblebee#204")
def qkv_concat(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda qkv, *, num_attention_heads: tuple(
        _heads(part, num_attention_heads) for part in np.split(qkv, 3, axis=-1))


@mistake("layout", SPLIT, "in each head, query, key and value alternate number by number")
def qkv_3_inner(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(qkv: Array, *, num_attention_heads: int) -> tuple[Array, ...]:
        heads = _heads(qkv, num_attention_heads)
        return tuple(heads[..., i::3] for i in range(3))
    return wrong


@mistake("layout", SPLIT, "the heads taken as the fastest axis of query_key_value")
def head_order(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(qkv: Array, *, num_attention_heads: int) -> tuple[Array, ...]:
        *batch, length, width = qkv.shape
        columns = qkv.reshape(*batch, length, width // num_attention_heads, num_attention_heads)
        return tuple(np.split(np.moveaxis(columns, -1, -3), 3, axis=-1))
    return wrong


@mistake("layout", SPLIT, "key, query, value taken in this order")
def qk_swapped(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(qkv: Array, *, num_attention_heads: int) -> tuple[Array, ...]:
        query, key, value = right(qkv, num_attention_heads=num_attention_heads)
        return key, query, value
    return wrong


@mistake("layout", SPLIT, "query, value, key taken in this order")
def kv_swapped(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(qkv: Array, *, num_attention_heads: int) -> tuple[Array, ...]:
        query, key, value = right(qkv, num_attention_heads=num_attention_heads)
        return query, value, key
    return wrong


@mistake("layout", MERGE, "heads merged without bringing the tokens' axis to the front first")
def merge_heads_wrong(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda context: context.reshape(merge_heads(context).shape)


# ---- rotary ----

APPLY, TABLES = (attention, "apply_rotary"), (model, "rotary_tables")
TRANSFORMER = (model, "transformer")


def _turn_neighbours(x: Array, cos: Array, sin: Array) -> Array:
    half = cos.shape[-1] // 2
    cos, sin = cos[..., :half], sin[..., :half]
    out = x.copy()
    even, odd = x[..., 0:2 * half:2], x[..., 1:2 * half:2]
    out[..., 0:2 * half:2] = even * cos - odd * sin
    out[..., 1:2 * half:2] = odd * cos + even * sin
    return out


@mistake("rotary", APPLY, "neighbouring dimensions paired, as in GPT-J",
         seen="kekzl/imp#503, NeuraLegion/shainet#111, rasbt/LLMs-from-scratch#747")
def rope_interleaved(right: Callable[..., Any]) -> Callable[..., Any]:
    return _turn_neighbours


@mistake("rotary", TABLES, "each angle stands twice side by side, while the halves are paired")
def rope_freq_interleaved(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(position_ids: IntArray, **settings: Any) -> tuple[Array, ...]:
        tables = right(position_ids, **settings)
        return tuple(np.repeat(t[..., :t.shape[-1] // 2], 2, axis=-1) for t in tables)
    return wrong


@mistake("rotary", TRANSFORMER, "a quarter of the head is turned, GPT-NeoX's default",
         seen="huggingface/transformers#44985")
def rope_pct_25(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(*args: Any, config: Any, **rest: Any) -> Array:
        share = max(2, config.head_size // 8 * 2) / config.head_size
        rope = {**config.rope_parameters, "partial_rotary_factor": share}
        out: Array = right(*args, config=replace(config, rope_parameters=rope), **rest)
        return out
    return wrong


@mistake("rotary", TABLES, "another base than the config's")
def rope_base(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda position_ids, *, base, **rest: right(position_ids, base=base * 10, **rest)


@mistake("rotary", TABLES, "positions count from 1: rotary is relative, so only the tables differ",
         equivalent=True)
def rope_pos_plus1(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda position_ids, **settings: right(position_ids + 1, **settings)


@mistake("rotary", TABLES, "cos and sin rounded to float16", seen="EleutherAI/gpt-neox#1003")
def rope_fp16(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda position_ids, **settings: tuple(
        table.astype(np.float16).astype(table.dtype) for table in right(position_ids, **settings))


@mistake("rotary", TABLES, "cos and sin rounded to bfloat16", seen="EleutherAI/gpt-neox#1003")
def rope_bf16(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda position_ids, **settings: tuple(
        to_bfloat16(table) for table in right(position_ids, **settings))


@mistake("rotary", APPLY, "the key is turned, the query is not")
def rope_key_only(right: Callable[..., Any]) -> Callable[..., Any]:
    calls = iter(range(10**9))  # attention turns the query first, then the key
    return lambda x, cos, sin: right(x, cos, sin) if next(calls) % 2 else x


@mistake("rotary", APPLY, "cos and sin in each other's place")
def cos_sin_swapped(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, cos, sin: right(x, sin, cos)


@mistake("rotary", APPLY, "the sign of sin turned: every vector goes round the other way")
def sin_negated(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, cos, sin: right(x, cos, -sin)


# ---- normalisation ----

NORM = (model, "layer_norm")


@mistake("norm", NORM, "eps 1e-6, whatever the config says", name="ln_eps_1e-6")
def ln_eps_1e_6(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, weight, bias, *, eps: right(x, weight, bias, eps=1e-6)


@mistake("norm", NORM, "eps 1e-12, whatever the config says", name="ln_eps_1e-12")
def ln_eps_1e_12(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, weight, bias, *, eps: right(x, weight, bias, eps=1e-12)


@mistake("norm", NORM, "eps added to the standard deviation, outside the root")
def ln_eps_outside(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, weight, bias, *, eps: (
        (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + eps) * weight + bias)


@mistake("norm", NORM, "variance divided by D - 1", seen="harvardnlp/annotated-transformer#122")
def ln_ddof1(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, weight, bias, *, eps: (
        (x - x.mean(-1, keepdims=True)) / (x.var(-1, ddof=1, keepdims=True) + eps) ** 0.5 * weight
        + bias)


@mistake("norm", NORM, "the bias of the norms left out")
def ln_no_bias(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, weight, bias, *, eps: right(x, weight, np.zeros_like(bias), eps=eps)


@mistake("norm", NORM, "RMSNorm: the mean is not taken away")
def rms_instead(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, weight, bias, *, eps: (
        x / ((x * x).mean(-1, keepdims=True) + eps) ** 0.5 * weight + bias)


@mistake("norm", NORM, "the gain stored as its difference from 1, as in other models: 1 is added")
def ln_gain_plus1(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, weight, bias, *, eps: right(x, weight + 1, bias, eps=eps)


# ---- attention ----

SCORES, SOFTMAX = (attention, "attention_scores"), (attention, "softmax")
MASK = (model, "causal_mask")


@mistake("attention", SCORES, "scores not divided by the root of the head size")
def scale_missing(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda query, key: query @ key.swapaxes(-1, -2)


@mistake("attention", SCORES, "scores divided by the root of the hidden size")
def scale_hidden(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda query, key: right(query, key) / query.shape[-3] ** 0.5


@mistake("attention", SOFTMAX, "softmax over the queries")
def softmax_axis(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: right(x.swapaxes(-1, -2)).swapaxes(-1, -2)


@mistake("attention", SOFTMAX, "softmax computed in float16")
def softmax_fp16(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: right(np.maximum(x, -6e4).astype(np.float16)).astype(x.dtype)


@mistake("attention", MASK, "every token sees the next one too")
def mask_off_by_one(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(length: int, *, past: int, attention_mask: IntArray | None, dtype: Any) -> Array:
        mask: Array = right(length, past=past, attention_mask=attention_mask, dtype=dtype)
        shifted = np.concatenate([mask[..., 1:, :], mask[..., -1:, :]], axis=-2)
        return shifted
    return wrong


@mistake("attention", MASK, "no mask at all")
def mask_missing(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **settings: np.zeros_like(right(*args, **settings))


@mistake("attention", MASK, "no causal mask; padding is masked")
def causal_missing(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(length: int, *, attention_mask: IntArray | None, dtype: Any, **rest: Any) -> Array:
        mask: Array = 0 * right(length, attention_mask=attention_mask, dtype=dtype, **rest)
        if attention_mask is not None:
            mask = np.where((attention_mask != 0)[..., None, :], mask, np.finfo(dtype).min)
        return mask.astype(dtype)
    return wrong


@mistake("attention", MASK, "masked with -1e4: in float32 the same on rows that see something",
         equivalent=True)
def mask_1e4(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **settings: np.maximum(right(*args, **settings), -1e4)


# ---- residual ----

LAYER = (model, "layer")


def _wrong_layer(wrong: Callable[..., Array]) -> Callable[..., Any]:
    """A layer whose parts are joined by `wrong`, with every tap."""
    used: Any = model  # so that a second planted mistake is seen here too

    def layer(x: Array, w: Any, *, config: Any, tap: Any = silent, **rest: Any) -> Array:
        def norm(name: str, x: Array) -> Array:
            out: Array = tap(name, used.layer_norm(x, **w[name], eps=config.layer_norm_eps))
            return out

        attend = partial(used.attention, **w["attention"], tap=scoped(tap, "attention"),
                         num_attention_heads=config.num_attention_heads, **rest)
        bend = partial(used.mlp, **w["mlp"], hidden_act=config.hidden_act, tap=scoped(tap, "mlp"))
        return wrong(x, norm, attend, bend, tap)
    return layer


@mistake("residual", LAYER, "attention and MLP side by side, GPT-NeoX's default",
         seen="ml-explore/mlx-lm#586, ggml-org/ggml#139")
def parallel(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(x: Array, norm: Any, attend: Any, bend: Any, tap: Any) -> Array:
        mixed = tap("attention_residual", x + attend(norm("input_layernorm", x)))
        out: Array = tap("output", mixed + bend(norm("post_attention_layernorm", x)))
        return out
    return _wrong_layer(wrong)


@mistake("residual", LAYER, "the normalised stream is added, not the stream itself")
def resid_from_ln(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(x: Array, norm: Any, attend: Any, bend: Any, tap: Any) -> Array:
        h = norm("input_layernorm", x)
        h = norm("post_attention_layernorm", tap("attention_residual", h + attend(h)))
        out: Array = tap("output", h + bend(h))
        return out
    return _wrong_layer(wrong)


@mistake("residual", LAYER, "the two norms of a layer exchanged")
def norms_swapped(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(x: Array, w: Any, **rest: Any) -> Array:
        out: Array = right(x, {**w, "input_layernorm": w["post_attention_layernorm"],
                               "post_attention_layernorm": w["input_layernorm"]}, **rest)
        return out
    return wrong


@mistake("residual", TRANSFORMER, "the last layer's output goes to the head without the last norm")
def no_final_norm(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(*args: Any, tap: Any = silent, **rest: Any) -> Array:
        last: list[Array] = []

        def skip_norm(name: str, value: Array) -> Array:
            value = tap(name, last[-1] if name == "final_layer_norm" else value)
            last.append(value)
            return value

        out: Array = right(*args, tap=skip_norm, **rest)
        return out
    return wrong


# ---- bias and head ----

ATTENTION, FORWARD = (model, "attention"), (pretrained, "forward")


@mistake("bias and head", ATTENTION, "the last layer's dense_bias left out",
         seen="mlc-ai/mlc-llm#3494")
def bias_missing(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, *, dense_bias=None, **rest: right(x, **rest)


@mistake("bias and head", TRANSFORMER, "the last layer's dense_bias added in every layer")
def bias_all_layers(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(input_ids: Any, w: Any, **rest: Any) -> Array:
        bias = w["layers"][-1]["attention"]["dense_bias"]
        layers = [{**one, "attention": {**one["attention"], "dense_bias": bias}}
                  for one in w["layers"]]
        out: Array = right(input_ids, {**w, "layers": layers}, **rest)
        return out
    return wrong


@mistake("bias and head", FORWARD, "a tied head left as it was initialised",
         seen="ggml-org/llama.cpp#12456")
def head_untied(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(*, w: Any, **rest: Any) -> Array:
        own, embedding = w["embed_out"]["weight"], w["gpt_neox_japanese"]["embed_in"]["weight"]
        fresh = np.random.default_rng(0).normal(0, 0.02, own.shape).astype(own.dtype)
        head = fresh if own is embedding else own
        out: Array = right(w={**w, "embed_out": {"weight": head}}, **rest)
        return out
    return wrong


@mistake("bias and head", FORWARD, "the embedding used as the head of a model that stores its own",
         seen="NVIDIA/TensorRT-LLM#3324")
def head_tied(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *, w, **rest: right(
        w={**w, "embed_out": w["gpt_neox_japanese"]["embed_in"]}, **rest)


# ---- MLP ----

ACT = (mlp, "activate")


@mistake("mlp", ACT, "gelu's tanh form", name="gelu_tanh",
         seen="huggingface/candle#900, ggml-org/llama.cpp#29252")
def gelu_by_tanh(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, *, hidden_act: gelu_tanh(x)


@mistake("mlp", ACT, "gelu looked up in a table of float16")
def gelu_f16_table(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(x: Array, *, hidden_act: str) -> Array:
        entry: Array = right(x.astype(np.float16).astype(x.dtype), hidden_act=hidden_act)
        return entry.astype(np.float16).astype(x.dtype)
    return wrong


@mistake("mlp", ACT, "gelu approximated by x times the logistic function of 1.702 x")
def gelu_sigmoid(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, *, hidden_act: x * 0.5 * (1.0 + np.tanh(0.851 * x))


@mistake("mlp", ACT, "relu", name="relu")
def relu_in_place_of_gelu(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, *, hidden_act: relu(x)


@mistake("mlp", ACT, "no activation between the two matrices")
def act_missing(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, *, hidden_act: x


# ---- embedding ----


@mistake("embedding", (model, "embedding"), "rows multiplied by the root of the hidden size, as in "
         "other models")
def embed_scaled(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(input_ids: IntArray, weight: Array) -> Array:
        rows: Array = right(input_ids, weight) * weight.shape[-1] ** 0.5
        return rows
    return wrong


# ---- cache and batch ----

POSITIONS = (search, "positions_of")


@mistake("cache", TABLES, "positions start at 0 again behind the cache")
def cache_pos_restart(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda position_ids, **settings: right(
        position_ids - position_ids[..., :1], **settings)


@mistake("cache", MASK, "the causal mask does not count the tokens in the cache",
         seen="hyprstream/hyprstream#1521")
def cache_mask_no_offset(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(length: int, *, past: int, attention_mask: IntArray | None, dtype: Any) -> Array:
        mask: Array = right(length, past=past, attention_mask=attention_mask, dtype=dtype)
        allowed = np.tri(length, past + length, dtype=bool)
        return np.where(allowed, mask, np.finfo(dtype).min).astype(dtype)
    return wrong


@mistake("cache", MASK, "several tokens behind a cache see each other's future",
         seen="Mikyx-1/TinyLLM#18")
def cache_chunk_nomask(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(length: int, *, past: int, **rest: Any) -> Array:
        last = right(1, past=past + length - 1, **rest)
        return np.repeat(last, length, axis=-2) if past else right(length, past=past, **rest)
    return wrong


@mistake("batch", POSITIONS, "positions 0, 1, 2 … in spite of left padding: rotary is relative",
         equivalent=True)
def pad_arange(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda attention_mask: np.broadcast_to(
        np.arange(attention_mask.shape[-1]), attention_mask.shape)


@mistake("batch", MASK, "padding is attended to", seen="huggingface/transformers#22161")
def pad_mask_ignored(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda length, *, past, attention_mask, dtype: right(
        length, past=past, attention_mask=None, dtype=dtype)


# ---- dumping ----

TAPS_BEHIND = (pretrained, "taps_behind")


@mistake("dumping", TAPS_BEHIND, "hidden_states without the embedding, the last one not normed",
         seen="huggingface/transformers#13102")
def hidden_index(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(config: Any, **asked: Any) -> dict[str, list[str]]:
        names: dict[str, list[str]] = right(config, **asked)
        if "hidden_states" in names:
            layers = range(config.num_hidden_layers)
            names["hidden_states"] = [f"layers.{i}.output" for i in layers]
        return names
    return wrong


RECORDED = (cases, "as_recorded")


@mistake("dumping", RECORDED, "hidden_states[i] dumped as the output of layer i: it is its input",
         seen="huggingface/transformers#13102")
def dump_hidden_index(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(activations: dict[str, Array]) -> dict[str, Array]:
        outputs = [name for name in activations if name.endswith(".output")]
        inputs = ["embed_in", *outputs[:-1]]
        return activations | {name: activations[before]
                              for name, before in zip(outputs, inputs, strict=True)}
    return wrong


@mistake("dumping", RECORDED, "the last two axes of every activation written column by column")
def dump_transposed(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda activations: {name: value.swapaxes(-1, -2).reshape(value.shape)
                                for name, value in right(activations).items()}


@mistake("dumping", RECORDED, "a run in float32 dumped as float16")
def dump_fp16(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda activations: {name: value.astype(np.float16).astype(value.dtype)
                                for name, value in right(activations).items()}


@mistake("dumping", RECORDED, "a run in float32 dumped as bfloat16")
def dump_bf16(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda activations: {name: to_bfloat16(value)
                                for name, value in right(activations).items()}


@mistake("dumping", ATTENTION, "attention.dense dumped before the last layer's bias is added")
def dump_before_bias(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, *, dense_bias=None, **rest: right(x, **rest) + (
        0.0 if dense_bias is None else dense_bias)


# ---- tokenizer, both profiles ----

CHOOSE, FALLBACK = (subword, "choose"), (subword, "fallback")
NORMALIZE = (tokenizer, "normalize_at_once")
SPLIT_SUBWORDS, INDEX = (tokenizer, "split_subwords"), (vocabulary_file, "index_surfaces")


@mistake("tokenizer", CHOOSE, "the longest match wins, not the lowest id")
def longest_match(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda surfaces, vocabulary: surfaces[0]


@mistake("tokenizer", CHOOSE, "the lowest id wins even where a tag matches")
def tag_by_id(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda surfaces, vocabulary: min(surfaces, key=lambda each: vocabulary.ids[each])


@mistake("tokenizer", NORMALIZE, "a line end of two characters becomes two <BR>")
def crlf_twice(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda text, index: right(text.replace("\r\n", "\n\n"), index)


@mistake("tokenizer", NORMALIZE, "emoji replaced longest first, not in the file's order")
def emoji_order(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda text, index: normalize(
        text, dict(sorted(index.emoji.items(), key=lambda item: -len(item[0]))))


@mistake("tokenizer", NORMALIZE, "Unicode normalisation form KC before all")
def nfkc_first(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda text, index: right(unicodedata.normalize("NFKC", text), index)


def utf16(halves: str, right: Callable[..., Any]) -> Callable[..., Any]:
    def units(text: str) -> str:
        return "".join(map(chr, np.frombuffer(text.encode("utf-16-le"), np.uint16).tolist()))

    @cache
    def surfaces_in_units(surfaces: tuple[str, ...]) -> dict[str, str]:
        return {units(surface): surface for surface in surfaces}

    def wrong(text: str, vocabulary: Any) -> list[str]:
        surfaces = surfaces_in_units(tuple(vocabulary.ids))
        text, tokens, start = units(text), [], 0
        while start < len(text):
            longest = 2 * vocabulary.longest if text[start] == "<" else 3
            matching = [text[start:end] for end in range(start + longest, start, -1)
                        if text[start:end] in surfaces and end <= len(text)]
            if matching:
                found = subword.choose([surfaces[each] for each in matching], vocabulary)
                start += len(units(found))
                tokens.append(found)
            elif "\ud800" <= text[start] <= "\udfff":
                replaced = halves.encode("utf-8") or text[start].encode("utf-8", "surrogatepass")
                tokens += [f"<|byte{byte}|>" for byte in replaced]
                start += 1
            else:
                tokens += subword.fallback(text[start])
                start += 1
        return tokens
    return wrong


mistake("tokenizer", SPLIT_SUBWORDS, name="utf16_indices", summary=(
    "places and lengths counted in UTF-16 units, each half of a pair in bytes of its own"),
        )(partial(utf16, ""))
mistake("tokenizer", SPLIT_SUBWORDS, name="utf16_replaced", summary=(
    "places and lengths counted in UTF-16 units, each half of a pair in the bytes of U+FFFD"),
        )(partial(utf16, "\ufffd"))


@mistake("tokenizer", INDEX, "a surface that stands in several rows belongs to the first")
def first_duplicate_wins(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda rows: {surface: i for i, row in reversed(list(enumerate(rows)))
                         for surface in row}


@mistake("tokenizer", FALLBACK, "the ranges of symbols end one code point early")
def kigou_range_edge(right: Callable[..., Any]) -> Callable[..., Any]:
    ends = {last for _, _, last in subword.SYMBOL_RANGES}
    return lambda character: ([f"<|byte{byte}|>" for byte in character.encode("utf-8")]
                              if ord(character) in ends else right(character))


# ---- tokenizer, what one profile does, for a port that claims the other ----

SPLIT_ROW, JOIN = (vocabulary_file, "split_row"), (tokenizer, "join_bytes")
STRIPPED = (tokenizer, "strip")


@mistake("tokenizer hf", SPLIT_ROW, 'the row "," kept whole')
def comma_kept(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda row, **_: [row] if row == "," else row.split(",")


@mistake("tokenizer hf", JOIN, "byte tokens joined to characters before they are decoded")
def bytes_joined(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda parts, profile: b"".join(parts).decode("utf-8", "replace")


@mistake("tokenizer hf", STRIPPED, "decoded text stripped of another language's white space, as by "
         "JavaScript's trim()")
def trim(right: Callable[..., Any]) -> Callable[..., Any]:
    spaces = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
        map(chr, range(0x2000, 0x200B)))
    return lambda text: text.strip(spaces)


@mistake("tokenizer original", SPLIT_ROW, 'the row "," split at its own comma',
         seen="huggingface/transformers#23883")
def comma_lost(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda row, **_: row.split(",")


@mistake("tokenizer original", JOIN, "white space at the ends of decoded text stripped")
def strip(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda parts, profile: right(parts, profile).strip()


@mistake("tokenizer original", JOIN, "each byte token decoded by itself")
def byte_per_id(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda parts, profile: "".join(part.decode("utf-8", "replace") for part in parts)
