"""The top floor: Hugging Face's two classes over the pure functions, at home in a folder."""

from __future__ import annotations  # so that help() shows names of types, not what they stand for

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from neoxja_np.arrays import Array, IntArray
from neoxja_np.cache import KeyValueCache
from neoxja_np.checkpoint.folder import load_weights
from neoxja_np.checkpoint.shards import in_bytes, other_weights, weight_files
from neoxja_np.config import GPTNeoXJapaneseConfig
from neoxja_np.files import find_folder, read_json
from neoxja_np.generation.search import generate_steps
from neoxja_np.generation.settings import GenerationConfig
from neoxja_np.inputs import (
    Inputs,
    check_context,
    check_ids,
    check_inputs,
    check_keep,
    check_labels,
    check_prompts,
    token_shape,
)
from neoxja_np.layers.loss import causal_lm_loss
from neoxja_np.model import forward, transformer
from neoxja_np.tap import Tap, recording, silent
from neoxja_np.weights import PREFIX, CausalLMWeights, flatten, nest, shapes
from neoxja_np.writing import write_files, write_json


@dataclass(frozen=True, eq=False)
class ModelOutput:
    """What a model returns; None for what it was not asked for (hidden_states: quirk 11)."""

    last_hidden_state: Array                         # [..., L, D], after the last norm
    logits: Array | None = None                      # [..., L, V], or of what logits_to_keep picks
    loss: Array | None = None                        # [], mean in nats
    past_key_values: KeyValueCache | None = None
    hidden_states: tuple[Array, ...] | None = None   # [..., L, D]: each layer's input, last norm
    attentions: tuple[Array, ...] | None = None      # [..., H, L, M], one for each layer

    def __repr__(self) -> str:
        parts = {name: value for name, value in vars(self).items() if value is not None}
        shown = ", ".join(f"{name}={summary(value)}" for name, value in parts.items())
        return f"ModelOutput({shown})"


def summary(value: object) -> str:
    """Arrays by their shapes, a loss by its value: what a notebook should print."""
    if isinstance(value, tuple):
        return f"{len(value)} x {summary(value[0])}"
    if isinstance(value, np.ndarray | np.floating):
        return f"{value.dtype}{list(value.shape)}" if value.ndim else f"{value:.6g}"
    return repr(value)


class GPTNeoXJapanesePreTrainedModel:
    """What both models share: a config, weights named as in the checkpoint, a folder to live in."""

    has_head: ClassVar[bool]

    def __init__(self, config: GPTNeoXJapaneseConfig, weights: CausalLMWeights, *,
                 generation_config: GenerationConfig | None = None, notes: tuple[str, ...] = (),
                 angle_dtype: str = "float32") -> None:
        self.config, self.weights = config, weights
        self.notes, self.angle_dtype = notes, angle_dtype
        self.generation_config = generation_config or GenerationConfig(
            bos_token_id=config.bos_token_id, eos_token_id=config.eos_token_id,
            pad_token_id=config.pad_token_id)

    def __repr__(self) -> str:
        config = self.config
        return (f"{type(self).__name__}({config.num_hidden_layers} layers, hidden size "
                f"{config.hidden_size}, {self.num_parameters():,} parameters in {self.dtype})")

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        return self.weights["gpt_neox_japanese"]["embed_in"]["weight"].dtype

    def num_parameters(self) -> int:
        """How many numbers the weights are; an array that is used twice counts once."""
        arrays = {id(array): array for array in flatten(self.weights).values()}
        return sum(array.size for array in arrays.values())

    @classmethod
    def from_pretrained(cls, folder: str | Path, dtype: str = "float32", *,
                        angle_dtype: str = "float32", weights_dtype: str | None = None) -> Self:
        """The model of a folder, or of the name of one that travels with this package, in `dtype`.

        angle_dtype: in what rotary's angles are computed; "float32" is Hugging Face's choice in
        every dtype, "float64" exact. weights_dtype: "stored" leaves matrices in the file, mapped
        into memory as they are, and widens them in each product; None: all are `dtype`. `.notes`
        then says what was found on tied embeddings and old leftovers. Raises FileNotFoundError,
        ConfigError, CheckpointError (all that is wrong with the weights, at once).
        """
        for name, value in (("dtype", dtype), ("angle_dtype", angle_dtype)):
            if np.dtype(value) not in (np.float32, np.float64):
                raise ValueError(f"{name} must be float32 or float64, got {value!r}: "
                                 "NumPy computes in those")
        if weights_dtype not in (None, "stored"):
            raise ValueError(f'weights_dtype must be None or "stored", got {weights_dtype!r}')
        home = find_folder(folder)
        config = GPTNeoXJapaneseConfig.from_pretrained(home)
        tensors, notes = load_weights(home, shapes(config, head=cls.has_head),
                                      tie=config.tie_word_embeddings, dtype=np.dtype(dtype),
                                      at_rest=weights_dtype == "stored")
        settings = home / "generation_config.json"
        generation_config = None
        if settings.is_file():
            generation_config = GenerationConfig.from_dict(read_json(settings))
        return cls(config, nest(tensors), generation_config=generation_config, notes=tuple(notes),
                   angle_dtype=angle_dtype)

    def save_pretrained(self, folder: str | Path, *, max_shard_size: int | str = "50GB") -> None:
        """Writes config.json, generation_config.json and the weights.

        A shard holds at most max_shard_size, in bytes or such as "5GB", unless one tensor alone is
        larger. The folder can be loaded here and by Hugging Face. A tied head is not stored twice.
        """
        tensors = flatten(self.weights)
        head, embedding = tensors.get("embed_out.weight"), tensors[PREFIX + "embed_in.weight"]
        if self.config.tie_word_embeddings and head is embedding:
            del tensors["embed_out.weight"]
        if not self.has_head:
            tensors = {name.removeprefix(PREFIX): array for name, array in tensors.items()}
        config = {**self.config.to_dict(), "architectures": [type(self).__name__],
                  "dtype": self.dtype.name}
        config.pop("torch_dtype", None)  # the older name of dtype
        settings = self.generation_config.to_dict()
        home = Path(folder)
        files = {"config.json": lambda path: write_json(path, config),
                 "generation_config.json": lambda path: write_json(path, settings),
                 **weight_files(tensors, home, max_shard_size=in_bytes(max_shard_size))}
        write_files(home, files, instead_of=other_weights(home, than=files),
                    size=sum(array.nbytes for array in tensors.values()))

    def run(self, pure: Callable[..., Array], inputs: Inputs, *, cache: KeyValueCache | None,
            use_cache: bool | None, output_attentions: bool | None,
            output_hidden_states: bool | None, tap: Tap) -> tuple[Array, ModelOutput]:
        """What a function of model.py gives for these inputs, and what its taps saw of it.

        hidden_states and attentions are activations like others, so they are recorded, not
        returned, by the model. A cache is made where one is wanted and none is given.
        """
        if cache is None and (self.config.use_cache if use_cache is None else use_cache):
            *batch, length = token_shape(inputs)
            cache = KeyValueCache.empty(
                layers=self.config.num_hidden_layers, batch=batch, capacity=length,
                heads=self.config.num_attention_heads, head_size=self.config.head_size,
                dtype=self.dtype)
        names = taps_behind(self.config, attentions=output_attentions,
                            hidden_states=output_hidden_states)
        seen: dict[str, Array] = {}
        wanted = {"final_layer_norm", *chain(*names.values())}
        result = pure(**inputs, config=self.config, cache=cache, angle_dtype=self.angle_dtype,
                      tap=recording(seen, tap, only=wanted))
        return result, ModelOutput(
            seen["final_layer_norm"], past_key_values=cache,
            hidden_states=gather(seen, names.get("hidden_states")),
            attentions=gather(seen, names.get("attentions")))


def taps_behind(config: GPTNeoXJapaneseConfig, *, attentions: bool | None,
                hidden_states: bool | None) -> dict[str, list[str]]:
    """For each output that was asked for, the activations that it consists of."""
    layers = range(config.num_hidden_layers)
    names = {}
    if hidden_states:
        between = [f"layers.{i}.output" for i in layers[:-1]]
        names["hidden_states"] = ["embed_in", *between, "final_layer_norm"]
    if attentions:
        names["attentions"] = [f"layers.{i}.attention.weights" for i in layers]
    return names


def gather(seen: dict[str, Array], names: list[str] | None) -> tuple[Array, ...] | None:
    """The activations of these names; None where none were asked for."""
    return None if names is None else tuple(seen[name] for name in names)


class GPTNeoXJapaneseModel(GPTNeoXJapanesePreTrainedModel):
    """The model without its head: tokens in, a vector for each out."""

    has_head = False

    def __call__(self, input_ids: ArrayLike | None = None,
                 attention_mask: ArrayLike | None = None, position_ids: ArrayLike | None = None,
                 inputs_embeds: ArrayLike | None = None,
                 past_key_values: KeyValueCache | None = None, use_cache: bool | None = None,
                 output_attentions: bool | None = None,
                 output_hidden_states: bool | None = None, *, tap: Tap = silent) -> ModelOutput:
        """input_ids [..., L] -> .last_hidden_state [..., L, D] and what else is asked for.

        Arguments and errors are those of GPTNeoXJapaneseForCausalLM.
        """
        inputs = check_inputs(
            self.config, cache=past_key_values, dtype=self.dtype, input_ids=input_ids,
            inputs_embeds=inputs_embeds, attention_mask=attention_mask, position_ids=position_ids)
        _, output = self.run(
            partial(transformer, w=self.weights["gpt_neox_japanese"]), inputs, tap=tap,
            cache=past_key_values, use_cache=use_cache, output_attentions=output_attentions,
            output_hidden_states=output_hidden_states)
        return output


class GPTNeoXJapaneseForCausalLM(GPTNeoXJapanesePreTrainedModel):
    """The model with its head: tokens in, the logits of the token after each out; generate()."""

    has_head = True

    def __call__(self, input_ids: ArrayLike | None = None,
                 attention_mask: ArrayLike | None = None, position_ids: ArrayLike | None = None,
                 inputs_embeds: ArrayLike | None = None,
                 past_key_values: KeyValueCache | None = None, labels: ArrayLike | None = None,
                 use_cache: bool | None = None, output_attentions: bool | None = None,
                 output_hidden_states: bool | None = None, logits_to_keep: int | ArrayLike = 0, *,
                 tap: Tap = silent) -> ModelOutput:
        """input_ids [..., L] -> .logits [..., L, V] and what else is asked for.

        inputs_embeds [..., L, D] may stand for the ids. attention_mask [..., M]: 0 at padding; M
        counts the cache too. position_ids [..., L]: go on from the cache if None. past_key_values:
        the cache of an earlier call, extended in place; use_cache (the config's if None): make one.
        labels [..., L]: the ids themselves, -100 where they do not count; gives .loss.
        logits_to_keep: of how many last tokens, or of which, logits are wanted; 0: of all.
        tap: sees and may replace every activation, see neoxja_np.tap.
        Raises TypeError, ValueError for inputs of the wrong kind, shape or range, or longer than
        the context.

        >>> model = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja")
        >>> model([[3, 1, 4]]).logits.shape == (1, 3, model.config.vocab_size)
        True
        """
        inputs = check_inputs(
            self.config, cache=past_key_values, dtype=self.dtype, input_ids=input_ids,
            inputs_embeds=inputs_embeds, attention_mask=attention_mask, position_ids=position_ids)
        tokens = token_shape(inputs)
        keep = check_keep(logits_to_keep, tokens, with_labels=labels is not None)
        targets = None if labels is None else check_labels(labels, tokens, self.config)
        logits, output = self.run(
            partial(forward, w=self.weights, keep=keep), inputs, tap=tap,
            cache=past_key_values, use_cache=use_cache, output_attentions=output_attentions,
            output_hidden_states=output_hidden_states)
        loss = None if targets is None else causal_lm_loss(logits, targets)
        return replace(output, logits=logits, loss=loss)

    def stream(self, input_ids: ArrayLike, attention_mask: ArrayLike | None = None, *,
               rng: np.random.Generator | None = None, **settings: Any) -> Iterator[IntArray]:
        """As generate(), but [B] after [B]: each step's new tokens as soon as they are there."""
        chosen = self.generation_config.updated(**settings)
        chosen.check_known()
        special = [*chosen.eos_token_ids, chosen.filler]
        check_ids(special, vocab_size=self.config.vocab_size, name="eos_token_id or pad_token_id")
        ids, mask = check_prompts(input_ids, attention_mask, self.config, padding=chosen.padding)
        check_context(ids.shape[1] + chosen.new_tokens(ids.shape[1]), self.config)
        if rng is not None and not isinstance(rng, np.random.Generator):
            raise TypeError("rng must be a np.random.Generator, "
                            f"such as np.random.default_rng({rng!r})")
        return generate_steps(
            ids, self.weights, config=self.config, settings=chosen, attention_mask=mask,
            angle_dtype=self.angle_dtype, rng=rng or np.random.default_rng())

    def generate(self, input_ids: ArrayLike, attention_mask: ArrayLike | None = None,
                 do_sample: bool | None = None, temperature: float | None = None,
                 top_k: int | None = None, top_p: float | None = None,
                 max_length: int | None = None, max_new_tokens: int | None = None,
                 eos_token_id: int | list[int] | None = None, pad_token_id: int | None = None,
                 rng: np.random.Generator | None = None, **unknown: Any) -> IntArray:
        """input_ids [B, L] -> [B, L + new]: the prompts and what follows, ended rows filled up.

        attention_mask [B, L]: 0 at padding, which must stand on the left. The settings are those
        of GenerationConfig; what is None comes from the folder's generation_config.json, else
        Hugging Face's default. rng: for do_sample=True; a fresh one if None.
        Raises TypeError for an unknown argument, ValueError for values out of range or more tokens
        than the context holds.
        """
        steps = list(self.stream(
            input_ids, attention_mask, rng=rng, do_sample=do_sample, temperature=temperature,
            top_k=top_k, top_p=top_p, max_length=max_length, max_new_tokens=max_new_tokens,
            eos_token_id=eos_token_id, pad_token_id=pad_token_id, **unknown))
        prompts = np.asarray(input_ids, np.int64)
        return np.concatenate([prompts, np.stack(steps, axis=-1)], axis=-1)
