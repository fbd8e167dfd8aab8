"""What each known mistake looks like in a port's source, why it is made, and how it shows or hides.

A table beside that of the mistakes, and the page that `neoxja explain NAME` prints.
"""

import difflib
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from neoxja_np.oracle.mistakes import MISTAKES, Mistake

WIDTH = 88


@dataclass(frozen=True)
class Explanation:
    """A mistake in a port's source. Between lines that stand apart, in both, a line "…"."""

    source: str                     # the file of this package that the right lines stand in
    right: str                      # whole lines of it, without their indentation and comments
    wrong: str                      # the same as a port with the mistake writes them
    why: str                        # how people come to it, and how it shows or why it hides
    notebook: tuple[str, str]       # stem and English heading of a cell that explains the thing
    shown_by: str = "sensitised"    # a fixture; for the tokenizer, a text as between quotes


# What a wrong line names and NumPy has not: GELU_TABLE, gelu of all 65,536 float16 by their bits;
# JS_SPACES, what JavaScript's trim() takes; to_bfloat16; dense_bias, half and rng by their names.
EXPLANATIONS: dict[str, Explanation] = {
    # ---- layout ----
    "qkv_concat": Explanation(
        source="layers/attention.py",
        right="heads = qkv.reshape(*batch, length, num_attention_heads, "
              "width // num_attention_heads)\n"
              "query, key, value = np.split(heads.swapaxes(-3, -2), 3, axis=-1)",
        wrong="query, key, value = (\n"
              "    third.reshape(*batch, length, num_attention_heads, -1).swapaxes(-3, -2)\n"
              "    for third in np.split(qkv, 3, axis=-1))",
        why="GPT-2 stores all queries, then all keys, then all values, and its split is at hand. "
            "Every shape fits, so nothing stops; query and key are already wrong in layer 0.",
        notebook=("10_checkpoint", "Read right, understood wrong")),
    "qkv_3_inner": Explanation(
        source="layers/attention.py",
        right="query, key, value = np.split(heads.swapaxes(-3, -2), 3, axis=-1)",
        wrong="query, key, value = (heads.swapaxes(-3, -2)[..., i::3] for i in range(3))",
        why="The 3 is taken for the fastest axis of a head, [K, 3] for [3, K]. The heads are "
            "right and so is every shape; each vector is a mixture of all three.",
        notebook=("05_attention", "The package's own code")),
    "head_order": Explanation(
        source="layers/attention.py",
        right="heads = qkv.reshape(*batch, length, num_attention_heads, "
              "width // num_attention_heads)",
        wrong="heads = qkv.reshape(*batch, length, -1, num_attention_heads).swapaxes(-1, -2)",
        why="Libraries that name axes from the fastest write shapes the other way round, and a "
            "reshape is copied as it stands. With a single head it cannot show.",
        notebook=("05_attention", "The package's own code")),
    "qk_swapped": Explanation(
        source="layers/attention.py",
        right="query, key, value = np.split(heads.swapaxes(-3, -2), 3, axis=-1)",
        wrong="key, query, value = np.split(heads.swapaxes(-3, -2), 3, axis=-1)",
        why="Some papers and other models' files name the key first. In layer 0 the scores are "
            "exactly ours transposed, rotary included: their sums and their spread are the same.",
        notebook=("05_attention", "The package's own code")),
    "kv_swapped": Explanation(
        source="layers/attention.py",
        right="query, key, value = np.split(heads.swapaxes(-3, -2), 3, axis=-1)",
        wrong="query, value, key = np.split(heads.swapaxes(-3, -2), 3, axis=-1)",
        why="A slip in the order of three names that have one shape. The query is right, key and "
            "value are each other's: the split tells it, a sum over all three does not.",
        notebook=("05_attention", "The package's own code")),
    "merge_heads_wrong": Explanation(
        source="layers/attention.py",
        right="return context.swapaxes(-3, -2).reshape(*batch, length, heads * head_size)",
        wrong="return context.reshape(*batch, length, heads * head_size)",
        why="The transposition is forgotten, or made as a view that the reshape then ignores. "
            "All up to the context is right, and for a single token both are the same: a test of "
            "one token passes.",
        notebook=("05_attention", "The package's own code")),

    # ---- rotary ----
    "rope_interleaved": Explanation(
        source="layers/rotary.py",
        right="return np.concatenate([turned * cos + rotate_half(turned) * sin, passed], axis=-1)",
        wrong="even, odd = turned[..., 0::2], turned[..., 1::2]\n"
              "cos, sin = cos[..., :rotary_ndims // 2], sin[..., :rotary_ndims // 2]\n"
              "turned = np.stack([even * cos - odd * sin, odd * cos + even * sin], axis=-1)\n"
              "return np.concatenate([turned.reshape(*x.shape[:-1], rotary_ndims), passed], "
              "axis=-1)",
        why="GPT-J and the rotary paper pair neighbours, and a library's default often does. It "
            "is a rotation too: the norms of query_rotary and key_rotary stay equal and only the "
            "distance counts, so a check of magnitudes passes.",
        notebook=("04_rotary", "Halves, not neighbours")),
    "rope_freq_interleaved": Explanation(
        source="layers/rotary.py",
        right="angles = np.concatenate([angles, angles], axis=-1)",
        wrong="angles = np.repeat(angles, 2, axis=-1)",
        why="Tables for paired neighbours beside a turn of paired halves: each half is right in "
            "some other model. The two numbers of a pair turn by different angles, so lengths "
            "change, unlike under rope_interleaved.",
        notebook=("04_rotary", "Halves, not neighbours")),
    "rope_pct_25": Explanation(
        source="config.py",
        right="return int(self.head_size * self.rotary_pct)",
        wrong="return int(self.head_size * 0.25)",
        why="GPT-NeoX's default for rotary_pct steps in where the config is silent, or calls the "
            "field by its new name. The tables are a quarter as wide; a port that hides them "
            "still has query_rotary equal to query in most dimensions.",
        notebook=("04_rotary", "In practice")),
    "rope_base": Explanation(
        source="layers/rotary.py",
        right="frequencies = 1.0 / base**exponents",
        wrong="frequencies = 1.0 / 100000.0**exponents",
        why="The base is written into the code, or another field of the config is read. The "
            "fastest pair turns as before, so early positions differ least; a base that happens "
            "to be the config's hides it altogether.",
        notebook=("04_rotary", "Break it on purpose")),
    "rope_pos_plus1": Explanation(
        source="layers/rotary.py",
        right="angles = position_ids[..., None].astype(angle_dtype) * frequencies",
        wrong="angles = (position_ids[..., None] + 1).astype(angle_dtype) * frequencies",
        why="Arrays that begin at 1, as in Fortran, Julia and Lua. A score depends on the "
            "difference of two positions alone, so the tables and what is turned by them differ, "
            "and no score, logit or text does.",
        notebook=("04_rotary", "Only the distance counts")),
    "rope_fp16": Explanation(
        source="layers/rotary.py",
        right="return np.cos(angles), np.sin(angles)",
        wrong="return np.cos(angles).astype(np.float16), np.sin(angles).astype(np.float16)",
        why="The whole model is cast to half precision, its tables with it. An entry is off by "
            "2e-4 or so: no short text shows it, a comparison in float32 does.",
        notebook=("04_rotary", "Break it on purpose")),
    "rope_bf16": Explanation(
        source="layers/rotary.py",
        right="return np.cos(angles), np.sin(angles)",
        wrong="return to_bfloat16(np.cos(angles)), to_bfloat16(np.sin(angles))",
        why="As rope_fp16, with 8 bits of fraction: an entry is off by up to 2e-3, and near 0 "
            "degrees neighbouring positions get the same cosine. The text mostly stays.",
        notebook=("10_checkpoint", "Half the bytes: float16 and bfloat16")),
    "rope_key_only": Explanation(
        source="layers/attention.py",
        right='query = tap("query_rotary", apply_rotary(query, cos, sin))',
        wrong='query = tap("query_rotary", query)',
        why="Keys are turned when they are put into the cache; the query, which is not kept, is "
            "forgotten. Scores depend on where the key stands, not on how far away: move all "
            "positions, and the logits change.",
        notebook=("04_rotary", "Only the distance counts")),
    "cos_sin_swapped": Explanation(
        source="layers/rotary.py",
        right="return np.concatenate([turned * cos + rotate_half(turned) * sin, passed], axis=-1)",
        wrong="return np.concatenate([turned * sin + rotate_half(turned) * cos, passed], axis=-1)",
        why="Two tables of one shape, handed on in the other order. What comes of it is still a "
            "rotation, a quarter turn less the angle: lengths stay, and the scores are those of "
            "sin_negated.",
        notebook=("04_rotary", "By hand")),
    "sin_negated": Explanation(
        source="layers/rotary.py",
        right="return np.concatenate([-second, first], axis=-1)",
        wrong="return np.concatenate([second, -first], axis=-1)",
        why="The minus is put at the other half, or the rotation's matrix is transposed. Lengths "
            "stay and only the distance counts, but before and behind are exchanged; position 0 "
            "is right.",
        notebook=("04_rotary", "By hand")),

    # ---- normalisation ----
    "ln_eps_1e-6": Explanation(
        source="layers/layer_norm.py",
        right="return centred / (variance + eps) ** 0.5 * weight + bias",
        wrong="return centred / (variance + 1e-6) ** 0.5 * weight + bias",
        why="The default of a library's own norm, not the config's 1e-5. It hides unless the "
            "variance is small: beside a variance of 1 the difference is below 5e-6.",
        notebook=("03_layer_norm", "eps: inside or outside of the root?"),
        shown_by="small_variance"),
    "ln_eps_1e-12": Explanation(
        source="layers/layer_norm.py",
        right="return centred / (variance + eps) ** 0.5 * weight + bias",
        wrong="return centred / (variance + 1e-12) ** 0.5 * weight + bias",
        why="BERT's value, or an eps that is there only against a division by zero. It hides "
            "unless the variance is small.",
        notebook=("03_layer_norm", "eps: inside or outside of the root?"),
        shown_by="small_variance"),
    "ln_eps_outside": Explanation(
        source="layers/layer_norm.py",
        right="return centred / (variance + eps) ** 0.5 * weight + bias",
        wrong="return centred / (variance ** 0.5 + eps) * weight + bias",
        why="Standard deviation plus eps is how many tutorials guard a division. It hides unless "
            "the variance comes near eps, where a vector that should stay small is made large.",
        notebook=("03_layer_norm", "eps: inside or outside of the root?"),
        shown_by="small_variance"),
    "ln_ddof1": Explanation(
        source="layers/layer_norm.py",
        right="variance: Array = (centred * centred).mean(axis=-1, keepdims=True)",
        wrong="variance: Array = x.var(axis=-1, ddof=1, keepdims=True)",
        why="torch's std() and var(), R and most statistics programs divide by D - 1 unless told "
            "otherwise. Every vector is too short by 1 / (2 D): the larger the model, the better "
            "it hides.",
        notebook=("03_layer_norm", "The package's own code")),
    "ln_no_bias": Explanation(
        source="layers/layer_norm.py",
        right="return centred / (variance + eps) ** 0.5 * weight + bias",
        wrong="return centred / (variance + eps) ** 0.5 * weight",
        why="The norm at hand has only a gain, and the loader does not mind tensors that nobody "
            "asked for. A freshly initialised model has biases of 0 and cannot show it.",
        notebook=("06_mlp", "Where the biases are")),
    "rms_instead": Explanation(
        source="layers/layer_norm.py",
        right="centred: Array = x - x.mean(axis=-1, keepdims=True)",
        wrong="centred: Array = x",
        why="Newer models use RMSNorm, and so do programs made for them. It hides as far as the "
            "means of the stream are small beside their spread.",
        notebook=("03_layer_norm", "Exercise 2: RMSNorm")),
    "ln_gain_plus1": Explanation(
        source="layers/layer_norm.py",
        right="return centred / (variance + eps) ** 0.5 * weight + bias",
        wrong="return centred / (variance + eps) ** 0.5 * (1.0 + weight) + bias",
        why="Gemma stores its gain as the difference from 1, and its norm is taken over. Vectors "
            "are about twice as long wherever the gain is near 1: loud, and shapes do not tell.",
        notebook=("03_layer_norm", "What training made of the weights")),

    # ---- attention ----
    "scale_missing": Explanation(
        source="layers/attention.py",
        right="scores: Array = (query / query.shape[-1] ** 0.5) @ key.swapaxes(-1, -2)",
        wrong="scores: Array = query @ key.swapaxes(-1, -2)",
        why="The division is left to a fused attention that does not do it, or is lost when the "
            "query is scaled elsewhere. It only sharpens: in a row of scores the order stays, "
            "and so does the token that is looked at most. The text stays readable.",
        notebook=("05_attention", "Break it on purpose: no scale")),
    "scale_hidden": Explanation(
        source="layers/attention.py",
        right="scores: Array = (query / query.shape[-1] ** 0.5) @ key.swapaxes(-1, -2)",
        wrong="hidden_size = query.shape[-3] * query.shape[-1]\n"
              "scores: Array = (query / hidden_size ** 0.5) @ key.swapaxes(-1, -2)",
        why="The d of the paper's formula is taken for the model's width. It only flattens, by "
            "the root of the number of heads; with a single head it cannot show.",
        notebook=("05_attention", "Why the scores are scaled")),
    "softmax_axis": Explanation(
        source="layers/attention.py",
        right="shares: Array = x - x.max(axis=-1, keepdims=True)\n"
              "np.exp(shares, out=shares)\n"
              "shares /= shares.sum(axis=-1, keepdims=True)",
        wrong="shares: Array = x - x.max(axis=-2, keepdims=True)\n"
              "np.exp(shares, out=shares)\n"
              "shares /= shares.sum(axis=-2, keepdims=True)",
        why="An axis counted from the front, or a library that holds columns together. Columns "
            "sum to 1 and rows do not, and a later token changes the weights of earlier ones.",
        notebook=("05_attention", "By hand")),
    "softmax_fp16": Explanation(
        source="layers/attention.py",
        right='weights = tap("weights", softmax(scores + mask))',
        wrong="half = np.maximum(scores + mask, -6e4).astype(np.float16)\n"
              'weights = tap("weights", softmax(half).astype(scores.dtype))',
        why="Half precision from end to end; references compute the softmax in float32 and cast "
            "back. Shares are off by 1e-3 or so, which no text shows.",
        notebook=("10_checkpoint", "Half the bytes: float16 and bfloat16")),
    "mask_off_by_one": Explanation(
        source="layers/attention.py",
        right="allowed = np.tri(length, past + length, k=past, dtype=bool)",
        wrong="allowed = np.tri(length, past + length, k=past + 1, dtype=bool)",
        why="j <= i + 1 for j <= i, or the diagonal counted from 1. A call for one token behind "
            "a cache has no next one to see, so generation looks right; logits of a prompt "
            "change with the token after them.",
        notebook=("05_attention", "The future is not seen")),
    "mask_missing": Explanation(
        source="layers/attention.py",
        right="mask: Array = np.where(allowed, 0.0, np.finfo(dtype).min).astype(dtype)",
        wrong="mask: Array = np.zeros(allowed.shape, dtype)",
        why="Token by token behind a cache no causal mask is needed, so the prompt gets none "
            "either. What is written stays fluent; change the last token of a prompt, and the "
            "logits before it move.",
        notebook=("05_attention", "A second mistake: no mask")),
    "causal_missing": Explanation(
        source="layers/attention.py",
        right="allowed = np.tri(length, past + length, k=past, dtype=bool)",
        wrong="allowed = np.ones((length, past + length), bool)",
        why="The padding mask is handed to a library's attention, and its switch for causality "
            "stays off. As without any mask, but a batch with padding still looks well done.",
        notebook=("05_attention", "A second mistake: no mask")),
    "mask_1e4": Explanation(
        source="layers/attention.py",
        right="mask: Array = np.where(allowed, 0.0, np.finfo(dtype).min).astype(dtype)",
        wrong="mask: Array = np.where(allowed, 0.0, -1e4).astype(dtype)",
        why="A number that float16 can hold, as GPT-2 used it. exp(-1e4) is 0 as well, so rows "
            "that see something get the same weights; rows of padding alone differ, and nobody "
            "reads them.",
        notebook=("05_attention", "A row that may see nothing")),

    # ---- residual ----
    "parallel": Explanation(
        source="model.py",
        right='x = tap("attention_residual", x + attention(\n'
              "…\n"
              'h = tap("post_attention_layernorm", '
              'layer_norm(x, **w["post_attention_layernorm"], eps=eps))',
        wrong='before, x = x, tap("attention_residual", x + attention(\n'
              "…\n"
              'h = tap("post_attention_layernorm", '
              'layer_norm(before, **w["post_attention_layernorm"], eps=eps))',
        why="GPT-NeoX's use_parallel_residual is true by default, and this model's config has no "
            "such field to say otherwise. Every shape fits; attention of layer 0 is right, its "
            "second norm is the first activation that differs.",
        notebook=("07_model", "Break it on purpose")),
    "resid_from_ln": Explanation(
        source="model.py",
        right='x = tap("attention_residual", x + attention(\n'
              "…\n"
              'return tap("output", x + mlp(',
        wrong='x = tap("attention_residual", h + attention(\n'
              "…\n"
              'return tap("output", h + mlp(',
        why="One name for the stream and for its norm, or Megatron's switch that adds the "
            "normalised stream, which BLOOM's code has too. Shapes fit; the stream no longer "
            "grows from layer to layer.",
        notebook=("07_model", "By hand: the stream is a sum")),
    "norms_swapped": Explanation(
        source="model.py",
        right='h = tap("input_layernorm", layer_norm(x, **w["input_layernorm"], eps=eps))\n'
              "…\n"
              'h = tap("post_attention_layernorm", '
              'layer_norm(x, **w["post_attention_layernorm"], eps=eps))',
        wrong='h = tap("input_layernorm", '
              'layer_norm(x, **w["post_attention_layernorm"], eps=eps))\n'
              "…\n"
              'h = tap("post_attention_layernorm", '
              'layer_norm(x, **w["input_layernorm"], eps=eps))',
        why="Names are mapped to ln_1 and ln_2 by hand, and one line is wrong. A freshly "
            "initialised model has two equal norms and cannot show it.",
        notebook=("03_layer_norm", "What training made of the weights")),
    "no_final_norm": Explanation(
        source="model.py",
        right='return tap("final_layer_norm", layer_norm(\n'
              '    x, **w["final_layer_norm"], eps=config.layer_norm_eps))',
        wrong='return tap("final_layer_norm", x)',
        why="Models that normalise behind each part need none at the end. All layers are right, "
            "which is where one looks; the logits have another size and another order.",
        notebook=("07_model", "From the stream to one logit, in plain Python")),

    # ---- bias and head ----
    "bias_missing": Explanation(
        source="layers/attention.py",
        right='return tap("dense", out if dense_bias is None else out + dense_bias)',
        wrong='return tap("dense", out)',
        why="The tensor is called attention.dense_bias, not attention.dense.bias, and stands in "
            "one layer, so a table of names has no place for it. It is 0 in a fresh model; in "
            "tiny-ja nearly every next token stays the same without it.",
        notebook=("06_mlp", "The exception")),
    "bias_all_layers": Explanation(
        source="layers/attention.py",
        right='return tap("dense", out if dense_bias is None else out + dense_bias)',
        wrong='return tap("dense", out + dense_bias)  # the last layer\'s, handed to every layer',
        why="All layers are made by one piece of code, and the bias is kept beside them, once. "
            "Shapes fit; a model of one layer, or one with fresh biases of 0, cannot show it.",
        notebook=("06_mlp", "The exception")),
    "head_untied": Explanation(
        source="checkpoint/folder.py",
        right="tensors[HEAD] = tensors[EMBEDDING]",
        wrong="tensors[HEAD] = rng.normal(0, 0.02, shapes[HEAD])  # as in every new model",
        why="The file of a tied model holds no embed_out, and a loader that warns of missing "
            "tensors goes on with what the head was made with. All before the logits is right; "
            "the loss is that of guessing.",
        notebook=("02_embedding", "Break it on purpose"), shown_by="odd_half"),
    "head_tied": Explanation(
        source="model.py",
        right='return tap("logits", linear(x[..., keep, :], **w["embed_out"]))',
        wrong='return tap("logits", linear(x[..., keep, :], '
              '**w["gpt_neox_japanese"]["embed_in"]))',
        why="tie_word_embeddings is true by default, and a file that stores a head of its own is "
            "not asked. The two have one shape; a tied model cannot show it.",
        notebook=("02_embedding", "The same table at the other end")),

    # ---- MLP ----
    "gelu_tanh": Explanation(
        source="layers/activation.py",
        right="return x * 0.5 * (1.0 + erf(x / 2**0.5))",
        wrong="return x * 0.5 * (1.0 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))",
        why="Many libraries call the tanh form gelu. It is at most 5e-4 away: no text shows it, "
            "and a tolerance of 1e-3 lets it through.",
        notebook=("06_mlp", "Break it on purpose")),
    "gelu_f16_table": Explanation(
        source="layers/activation.py",
        right="return x * 0.5 * (1.0 + erf(x / 2**0.5))",
        wrong="return GELU_TABLE[x.astype(np.float16).view(np.uint16)].astype(x.dtype)",
        why="A table of all float16 is faster than erf; ggml had it on the CPU. Input and output "
            "are rounded to 11 bits in a program that says float32.",
        notebook=("06_mlp", "By hand: gelu")),
    "gelu_sigmoid": Explanation(
        source="layers/activation.py",
        right="return x * 0.5 * (1.0 + erf(x / 2**0.5))",
        wrong="return x / (1.0 + np.exp(-1.702 * x))",
        why="The cheap form, called quick_gelu in CLIP. It is up to 2e-2 away, forty times as "
            "far as the tanh form, and its curve still looks like gelu's.",
        notebook=("06_mlp", "By hand: gelu")),
    "relu": Explanation(
        source="layers/activation.py",
        right="return x * 0.5 * (1.0 + erf(x / 2**0.5))",
        wrong="return np.maximum(x, 0.0)",
        why="The default of a library's MLP, where hidden_act is not handed on. Large numbers "
            "pass as before and very negative ones are 0 either way; mlp.act without a number "
            "below 0 gives it away.",
        notebook=("06_mlp", "The picture")),
    "act_missing": Explanation(
        source="layers/mlp.py",
        right='h = tap("act", activate(h, hidden_act=hidden_act))',
        wrong='h = tap("act", h)',
        why="An unknown hidden_act that becomes the identity, or a linear layer thought to "
            "include it. Two matrices in a row are no more than one: mlp.act equals "
            "mlp.dense_h_to_4h.",
        notebook=("06_mlp", "The package's own code")),

    # ---- embedding ----
    "embed_scaled": Explanation(
        source="layers/embedding.py",
        right="return weight[input_ids]",
        wrong="return weight[input_ids] * weight.shape[-1] ** 0.5",
        why="The first transformer and Gemma do it. Each norm forgets the size, so attention in "
            "layer 0 looks nearly right; what it and the MLP add is then too small beside the "
            "stream.",
        notebook=("02_embedding", "The package's own code")),

    # ---- cache and batch ----
    "cache_pos_restart": Explanation(
        source="model.py",
        right="position_ids = np.arange(past, past + length, dtype=np.int64)",
        wrong="position_ids = np.arange(length, dtype=np.int64)",
        why="Positions are made from the tokens of this call. The first call is right, and so is "
            "the first token that is generated; it shows only in the second call, whose tokens "
            "stand at the beginning of the text again.",
        notebook=("08_cache", "Break it on purpose: positions")),
    "cache_mask_no_offset": Explanation(
        source="layers/attention.py",
        right="allowed = np.tri(length, past + length, k=past, dtype=bool)",
        wrong="allowed = np.tri(length, past + length, dtype=bool)",
        why="A lower triangle begins in the upper left corner, in tril() as well. It shows only "
            "in the second call: there a single new token sees the first token of the text and "
            "nothing else, not even itself.",
        notebook=("08_cache", "A second mistake: the mask")),
    "cache_chunk_nomask": Explanation(
        source="layers/attention.py",
        right="allowed = np.tri(length, past + length, k=past, dtype=bool)",
        wrong="allowed = np.tri(length, past + length, k=past, dtype=bool) | (past > 0)",
        why="One new token may see all there is, so no mask is made where a cache is. It shows "
            "only in a second call with several tokens: a long prompt in parts, or tokens "
            "drafted and then checked.",
        notebook=("08_cache", "Cut the text anywhere")),
    "pad_arange": Explanation(
        source="generation/search.py",
        right="return np.where(real, real.cumsum(axis=-1) - 1, 0)",
        wrong="return np.broadcast_to(np.arange(attention_mask.shape[-1]), attention_mask.shape)",
        why="Positions are counted with the padding. In a model that adds a vector for each "
            "position this is wrong; here all real tokens of a row move by the same number, and "
            "no score depends on that.",
        notebook=("04_rotary", "Only the distance counts")),
    "pad_mask_ignored": Explanation(
        source="model.py",
        right="mask = causal_mask(length, past=past, attention_mask=attention_mask, dtype=x.dtype)",
        wrong="mask = causal_mask(length, past=past, attention_mask=None, dtype=x.dtype)",
        why="The causal mask seems to be mask enough, and a test with one text, or with texts of "
            "one length, agrees. In a padded batch the same text gets other logits than alone.",
        notebook=("05_attention", "A row that may see nothing")),

    # ---- dumping ----
    "hidden_index": Explanation(
        source="pretrained.py",
        right='between = [f"layers.{i}.output" for i in layers[:-1]]\n'
              'names["hidden_states"] = ["embed_in", *between, "final_layer_norm"]',
        wrong='names["hidden_states"] = [f"layers.{i}.output" for i in layers]',
        why="One would guess that hidden_states holds the output of each layer. It holds N + 1 "
            "arrays, the embedding first and the normed output last; the logits cannot show it.",
        notebook=("07_model", "Read the stream at every layer")),
    "dump_hidden_index": Explanation(
        source="oracle/cases.py",
        right="return activations",
        wrong='layers = [name for name in activations if name.endswith(".output")]\n'
              'inputs = dict(zip(layers, ["embed_in", *layers], strict=False))\n'
              "return activations | {name: activations[inputs[name]] for name in layers}",
        why="Hugging Face's hidden_states[i] is what layer i is given; its output is "
            "hidden_states[i + 1]. Each dumped output is another layer's, and all else, computed "
            "from the true ones, is right.",
        notebook=("07_model", "Read the stream at every layer")),
    "dump_transposed": Explanation(
        source="oracle/cases.py",
        right="return activations",
        wrong="return {name: value.swapaxes(-1, -2).reshape(value.shape)\n"
              "        for name, value in activations.items()}",
        why="Memory that is held by columns, written as it lies under a shape that is meant by "
            "rows. Shapes, sums and histograms agree, and a trace of a single token agrees "
            "altogether.",
        notebook=("10_checkpoint", "A sound file, the wrong layout")),
    "dump_fp16": Explanation(
        source="oracle/cases.py",
        right="return activations",
        wrong="return {name: value.astype(np.float16).astype(value.dtype)\n"
              "        for name, value in activations.items()}",
        why="To save space. Every activation is off by the same 2e-4 or so, from embed_in on, "
            "and what is computed from it is not: the errors do not grow.",
        notebook=("10_checkpoint", "Half the bytes: float16 and bfloat16")),
    "dump_bf16": Explanation(
        source="oracle/cases.py",
        right="return activations",
        wrong="return {name: to_bfloat16(value) for name, value in activations.items()}",
        why="To save space, or because a tool's dump knows no other dtype. As with float16 the "
            "errors do not grow; here each number is off by 2e-3 or so.",
        notebook=("10_checkpoint", "Half the bytes: float16 and bfloat16")),
    "dump_before_bias": Explanation(
        source="layers/attention.py",
        right='return tap("dense", out if dense_bias is None else out + dense_bias)',
        wrong='out = tap("dense", out)\n'
              "return out if dense_bias is None else out + dense_bias",
        why="A hook on the module dense sees its product; transformers adds the bias outside. "
            "One activation of the last layer is off by one vector, the same at every token, and "
            "all behind it is right.",
        notebook=("06_mlp", "The exception")),

    # ---- tokenizer, both profiles ----
    "longest_match": Explanation(
        source="tokenizer/subword.py",
        right="return min(surfaces, key=lambda surface: vocabulary.ids[surface])",
        wrong="return surfaces[0]",
        why="Most tokenizers of this kind take the longest match. The ids decode to the same "
            "text, so a round trip passes; and a vocabulary with its longer rows first cannot "
            "show it.",
        notebook=("01_tokenizer", "Break it on purpose"), shown_by="である"),
    "tag_by_id": Explanation(
        source="tokenizer/subword.py",
        right="if is_tag(surfaces[0]):\n"
              "    return surfaces[0]\n"
              "return min(surfaces, key=lambda surface: vocabulary.ids[surface])",
        wrong="return min(surfaces, key=lambda surface: vocabulary.ids[surface])",
        why='The rule for tags is an exception that is easily read over. It shows where a row '
            '"<" has a lower id than the tag: a space then becomes <, S, P and >, which decode '
            'to "<SP>".',
        notebook=("01_tokenizer", "The package's own code"), shown_by="猫 犬"),
    "crlf_twice": Explanation(
        source="tokenizer/normalize.py",
        right=r'"\r\n": "<BR>", "\n": "<BR>", "\r": "<BR>", "\t": "<TAB>",',
        wrong=r'"\n": "<BR>", "\r": "<BR>", "\t": "<TAB>",',
        why="Each white-space character is replaced by itself. It shows only in text with line "
            "ends of two characters, and a file that Python opens as text has none left.",
        notebook=("01_tokenizer", "What is lost"), shown_by="猫\\r\\n犬"),
    "emoji_order": Explanation(
        source="tokenizer/normalize.py",
        right="for old, new in (*REPLACEMENTS.items(), *emoji.items()):",
        wrong="longest_first = sorted(emoji.items(), key=lambda pair: -len(pair[0]))\n"
              "for old, new in (*REPLACEMENTS.items(), *longest_first):",
        why="Longest first is good practice where one key is a part of another, and a single "
            "pattern of alternatives wants it. It shows only in emoji that are composed of "
            "others.",
        notebook=("01_tokenizer", "What is lost"), shown_by="👩\u200d🍳"),
    "nfkc_first": Explanation(
        source="tokenizer/normalize.py",
        right="for old, new in (*REPLACEMENTS.items(), *emoji.items()):",
        wrong='text = unicodedata.normalize("NFKC", text)\n'
              "for old, new in (*REPLACEMENTS.items(), *emoji.items()):",
        why="SentencePiece does so by default, and it seems to do no harm. Kana and kanji mostly "
            "stay as they are; full-width signs, half-width kana, circled digits and … need not.",
        notebook=("01_tokenizer", "In practice"), shown_by="①…"),
    "utf16_indices": Explanation(
        source="tokenizer/subword.py",
        right='return [f"<|byte{byte}|>" for byte in character.encode("utf-8")]',
        wrong='return [f"<|byte{byte}|>" for byte in half.encode("utf-8", "surrogatepass")]',
        why="JavaScript, Java and C# index a string by halves of what lies beyond U+FFFF. Each "
            "half becomes three bytes that are no UTF-8, and a surface that holds such a "
            "character is found too short; ordinary text has none.",
        notebook=("01_tokenizer", "A character without a row: byte tokens"), shown_by="𐀀"),
    "utf16_replaced": Explanation(
        source="tokenizer/subword.py",
        right='return [f"<|byte{byte}|>" for byte in character.encode("utf-8")]',
        wrong='return [f"<|byte{byte}|>" for byte in "\\ufffd".encode("utf-8")]  '
              "# of either half",
        why="As utf16_indices, where the encoder makes U+FFFD of half a pair, as TextEncoder "
            "does. All characters beyond U+FFFF without a row get the same six ids.",
        notebook=("01_tokenizer", "A character without a row: byte tokens"), shown_by="𐀀"),
    "first_duplicate_wins": Explanation(
        source="tokenizer/vocabulary_file.py",
        right="return {surface: i for i, row in enumerate(rows) for surface in row}",
        wrong="return {surface: i for i, row in reversed([*enumerate(rows)]) for surface in row}",
        why="insert() of C++'s maps keeps what is there, and a search in a list finds the first. "
            "Only a surface that stands in several rows shows it, and it decodes to itself.",
        notebook=("01_tokenizer", "One row, several surfaces"), shown_by="東京"),
    "kigou_range_edge": Explanation(
        source="tokenizer/subword.py",
        right="if first <= ord(character) <= last:",
        wrong="if ord(character) in range(first, last):",
        why="A range that is written first..last includes its end in one language and not in "
            "another. Five characters are wrong, of which ¿ is the only one that anybody types.",
        notebook=("01_tokenizer", "Every place, its candidates and the winner"), shown_by="¿"),

    # ---- tokenizer, what one profile does, for a port that claims the other ----
    "comma_kept": Explanation(
        source="tokenizer/vocabulary_file.py",
        right='whole = "," not in row or (row == "," and (profile.keeps_comma_row or is_last))',
        wrong='whole = "," not in row or row == ","',
        why='The port reads the row "," as it was meant. Hugging Face compares it with its '
            'newline still on, so there a comma is the byte token 44. Text without an ASCII '
            'comma does not show it.',
        notebook=("01_tokenizer", "Two profiles"), shown_by="1,2"),
    "bytes_joined": Explanation(
        source="tokenizer/decode.py",
        right='return "".join(part.decode("utf-8", errors="replace") for part in parts)',
        wrong='return b"".join(parts).decode("utf-8", errors="replace")',
        why="The port decodes as one would wish. Hugging Face gives a U+FFFD for each byte "
            "token, and who claims to equal it must lose the character too; ids are not "
            "concerned.",
        notebook=("01_tokenizer", "Two profiles"), shown_by="é"),
    "trim": Explanation(
        source="tokenizer/decode.py",
        right="return text.strip()",
        wrong="return text.strip(JS_SPACES)",
        why="Languages disagree on white space: JavaScript's trim() leaves U+001C to U+001F and "
            "U+0085, and takes U+FEFF. It shows only in such characters at the ends of a text.",
        notebook=("01_tokenizer", "Two profiles"), shown_by="猫\\x1c"),
    "comma_lost": Explanation(
        source="tokenizer/vocabulary_file.py",
        right='whole = "," not in row or (row == "," and (profile.keeps_comma_row or is_last))',
        wrong='whole = "," not in row',
        why='Commas separate the surfaces of a row, so the row "," becomes two empty ones and a '
            'comma the byte token 44. It decodes to a comma again, so a round trip passes.',
        notebook=("01_tokenizer", "Two profiles"), shown_by="1,2"),
    "strip": Explanation(
        source="tokenizer/pretrained.py",
        right="return strip(text) if self.profile.strips else text",
        wrong="return strip(text)",
        why="Hugging Face's decode strips, and so does the port. Only text that begins or ends "
            "with white space shows it, as the parts of a stream often do.",
        notebook=("01_tokenizer", "Two profiles"), shown_by="猫 "),
    "byte_per_id": Explanation(
        source="tokenizer/decode.py",
        right='return b"".join(parts).decode("utf-8", errors="replace")',
        wrong='return "".join(part.decode("utf-8", errors="replace") for part in parts)',
        why="A table from id to text is the simplest decoder. Text whose characters all have "
            "rows decodes as it should; a character of several byte tokens becomes as many "
            "U+FFFD.",
        notebook=("01_tokenizer", "Two profiles"), shown_by="é"),
}


def explain(name: str) -> str:
    """All that is known of a mistake, in several lines. Raises ValueError for an unknown name.

    >>> from neoxja_np.oracle.explanations import explain
    >>> print(explain("act_missing").splitlines()[0])
    act_missing (mlp): no activation between the two matrices
    """
    if name not in MISTAKES:
        raise ValueError(unknown(name))
    mistake, explanation = MISTAKES[name], EXPLANATIONS[name]
    stem, heading = explanation.notebook
    shown = [*textwrap.wrap(explanation.why, WIDTH), ""]
    if mistake.equivalent:
        shown += ["equivalent: no output on real tokens can show it", ""]
    shown += [f"neoxja_np/{explanation.source}", *indented(diff(explanation)), ""]
    if mistake.seen:
        shown += ["seen in the open:", *indented(addresses(mistake.seen))]
    else:
        shown += ["seen in the open: no public case is known to us"]
    shown += [f'explained in: notebooks/{stem}.ipynb, "{heading}"',
              "try it:", *indented(snippet(mistake, explanation.shown_by))]
    return "\n".join([f"{name} ({mistake.family}): {mistake.summary}", "", *shown])


def unknown(name: str) -> str:
    """The message for a name that is none, with those that are near it."""
    near = difflib.get_close_matches(name, MISTAKES, cutoff=0.5)
    meant = f"; did you mean {' or '.join(near)}?" if near else "."
    return f"no mistake is called {name!r}{meant} There are {', '.join(MISTAKES)}"


def diff(explanation: Explanation) -> list[str]:
    """The right lines marked "-", the wrong ones "+", what both have unmarked."""
    lines = difflib.unified_diff(explanation.right.splitlines(), explanation.wrong.splitlines(),
                                 lineterm="", n=len(explanation.right))
    return [f"{line[0]} {line[1:]}" for line in [*lines][3:]]  # behind two file names and a place


def addresses(seen: str) -> list[str]:
    """The address of each public case; of one whose owner is not said, what is said."""
    cases = [case.strip().partition("#") for case in seen.split(",")]
    return [f"https://github.com/{repository}/issues/{number}" if "/" in repository
            else f"{repository}{mark}{number}" for repository, mark, number in cases]


def snippet(mistake: Mistake, shown_by: str) -> list[str]:
    """Lines of Python that make the mistake and print what comes of it."""
    planted = f'with oracle.inject("{mistake.name}"):'
    if mistake.family.startswith("tokenizer"):
        profile = "original" if mistake.family.endswith("original") else "hf"
        return ["from neoxja_np import GPTNeoXJapaneseTokenizer, oracle", planted,
                f'    it = GPTNeoXJapaneseTokenizer.from_pretrained("random-ja", '
                f'profile="{profile}")',
                f'    print(ids := it.encode("{shown_by}"), repr(it.decode(ids)))']
    if mistake.where[1] == "taps_behind":  # no trace has hidden_states
        return ["from neoxja_np import GPTNeoXJapaneseForCausalLM, oracle",
                'model = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja")', planted,
                "    print(model([[3, 1, 4]], output_hidden_states=True))"]
    return ["from neoxja_np import oracle", planted,
            f'    mine = oracle.trace_fixture("{shown_by}")', "print(oracle.diagnose(mine))"]


def indented(lines: Iterable[str]) -> list[str]:
    """Lines moved in by two spaces."""
    return [f"  {line}" for line in lines]
