"""What a user hands to the model, checked once at the door, so that the layers need not."""

from collections.abc import Mapping
from numbers import Integral
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike

from neoxja_np.arrays import Array, IntArray
from neoxja_np.cache import KeyValueCache
from neoxja_np.config import GPTNeoXJapaneseConfig
from neoxja_np.layers.loss import IGNORE_INDEX


def integers(value: ArrayLike, name: str) -> IntArray:
    """An array of whole numbers. Raises TypeError for anything else, ragged lists included."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise TypeError(f"{name} must be a rectangular array; pad the rows to one length") from None
    if isinstance(value, str | Mapping):
        mend = "encode the text first" if isinstance(value, str) else "give its parts, as (**it)"
        raise TypeError(f"{name} must hold whole numbers, got a {type(value).__name__}: {mend}")
    if array.size and array.dtype.kind not in "iub":
        raise TypeError(f"{name} must hold whole numbers, got {array.dtype}")
    return array.astype(np.int64)


def check_ids(input_ids: ArrayLike, *, vocab_size: int, name: str = "input_ids",
              ignore: int | None = None) -> IntArray:
    """Token ids [..., L], at least one, each in the vocabulary or equal to `ignore`.

    Raises TypeError, ValueError.
    """
    ids = integers(input_ids, name)
    if ids.ndim == 0 or ids.size == 0:
        raise ValueError(f"{name} is empty (shape {ids.shape}): "
                         "the model needs at least one token to go on from")
    outside = (ids < 0) | (ids >= vocab_size)
    if ignore is not None:
        outside &= ids != ignore
    if outside.any():
        raise ValueError(f"{name} holds {ids[outside][0]}, but ids go from 0 to {vocab_size - 1}: "
                         "do the tokenizer and the model belong together?")
    return ids


def check_mask(attention_mask: ArrayLike, shape: tuple[int, ...]) -> IntArray:
    """An attention mask of the shape of all tokens, those in the cache included.

    Raises TypeError, ValueError.
    """
    mask = integers(attention_mask, "attention_mask")
    if mask.shape != shape:
        raise ValueError(f"attention_mask has shape {mask.shape}, expected {shape}: "
                         "one entry for each token, those in the cache included")
    return mask


def check_positions(position_ids: ArrayLike, tokens: tuple[int, ...],
                    config: GPTNeoXJapaneseConfig) -> IntArray:
    """Positions of the shape of the tokens, or of one row of them. Raises TypeError, ValueError."""
    positions = integers(position_ids, "position_ids")
    if positions.shape not in {tokens, tokens[-1:], (1, *tokens[-1:])}:
        raise ValueError(f"position_ids has shape {positions.shape}, expected {tokens}")
    if positions.min() < 0:
        raise ValueError(f"position_ids holds {positions.min()}; positions start at 0")
    check_context(int(positions.max()) + 1, config)
    return positions


def check_labels(labels: ArrayLike, tokens: tuple[int, ...],
                 config: GPTNeoXJapaneseConfig) -> IntArray:
    """Labels of the shape of the tokens. Raises TypeError, ValueError."""
    targets = check_ids(labels, vocab_size=config.vocab_size, name="labels", ignore=IGNORE_INDEX)
    if targets.shape != tokens:
        raise ValueError(f"labels has shape {targets.shape}, expected {tokens}: "
                         "one for each token; the shift by one happens inside")
    return targets


def check_keep(logits_to_keep: int | ArrayLike, tokens: tuple[int, ...], *,
               with_labels: bool) -> slice | IntArray:
    """What of the tokens' axis logits_to_keep picks. Raises TypeError, ValueError."""
    if isinstance(logits_to_keep, Integral):
        last = int(logits_to_keep)
        if last < 0:
            raise ValueError(f"logits_to_keep must be 0 (all) or more, got {last}")
        keep: slice | IntArray = slice(-last, None) if last else slice(None)
    else:
        keep = integers(logits_to_keep, "logits_to_keep")
        if keep.ndim != 1 or (keep < -tokens[-1]).any() or (keep >= tokens[-1]).any():
            raise ValueError("logits_to_keep must be a number or a list of places "
                             f"among {tokens[-1]} tokens, got {logits_to_keep}")
    if with_labels and not (isinstance(keep, slice) and keep == slice(None)):
        raise ValueError("labels need the logits of all tokens: leave logits_to_keep at 0")
    return keep


def check_cache(cache: KeyValueCache, tokens: tuple[int, ...], config: GPTNeoXJapaneseConfig,
                dtype: np.dtype) -> None:
    """Raises TypeError, ValueError where a cache is none, or of another model or batch."""
    if not isinstance(cache, KeyValueCache):
        raise TypeError(f"past_key_values must be a KeyValueCache, got {type(cache).__name__}")
    layers, *batch, heads, _, head_size = cache.keys.shape
    expected = (config.num_hidden_layers, *tokens[:-1], config.num_attention_heads,
                config.head_size, dtype)
    got = (layers, *batch, heads, head_size, cache.keys.dtype)
    if got != expected:
        raise ValueError("past_key_values is for (layers, batch, heads, head size, dtype) "
                         f"{got}, expected {expected}")


def check_context(tokens: int, config: GPTNeoXJapaneseConfig) -> None:
    """Raises ValueError where `tokens` are more than the model was made for."""
    if tokens > config.max_position_embeddings:
        raise ValueError(
            f"{tokens} tokens do not fit into the context of {config.max_position_embeddings} "
            "(max_position_embeddings): shorten the text, or ask for fewer new tokens")


class Inputs(TypedDict):
    """The arguments of transformer() that come from a user."""

    input_ids: IntArray | None
    inputs_embeds: Array | None
    attention_mask: IntArray | None
    position_ids: IntArray | None


def token_shape(inputs: Inputs) -> tuple[int, ...]:
    """[..., L], the shape of the ids, or of the embeddings without their last axis."""
    ids, embeds = inputs["input_ids"], inputs["inputs_embeds"]
    if embeds is not None:
        return embeds.shape[:-1]
    assert ids is not None, "one of the two is given"
    return ids.shape


def check_inputs(config: GPTNeoXJapaneseConfig, *, cache: KeyValueCache | None, dtype: np.dtype,
                 input_ids: ArrayLike | None, inputs_embeds: ArrayLike | None,
                 attention_mask: ArrayLike | None, position_ids: ArrayLike | None) -> Inputs:
    """The arguments of transformer() as arrays.

    Raises TypeError, ValueError for what is of the wrong kind, shape or range, or longer than the
    context.
    """
    if (input_ids is None) == (inputs_embeds is None):
        raise ValueError("give exactly one of input_ids and inputs_embeds")
    inputs = Inputs(input_ids=None, inputs_embeds=None, attention_mask=None, position_ids=None)
    if input_ids is not None:
        inputs["input_ids"] = check_ids(input_ids, vocab_size=config.vocab_size)
    else:
        inputs["inputs_embeds"] = embeds = np.asarray(inputs_embeds, dtype)
        if embeds.ndim < 2 or embeds.shape[-1] != config.hidden_size or not embeds.size:
            raise ValueError(f"inputs_embeds has shape {embeds.shape}, "
                             f"expected [..., L, {config.hidden_size}]")
    tokens = token_shape(inputs)
    if cache is not None:
        check_cache(cache, tokens, config, dtype)
    past = 0 if cache is None else cache.length
    check_context(past + tokens[-1], config)
    if attention_mask is not None:
        inputs["attention_mask"] = check_mask(attention_mask, (*tokens[:-1], past + tokens[-1]))
    if position_ids is not None:
        inputs["position_ids"] = check_positions(position_ids, tokens, config)
    return inputs


def check_prompts(input_ids: ArrayLike, attention_mask: ArrayLike | None,
                  config: GPTNeoXJapaneseConfig, *,
                  padding: int | None) -> tuple[IntArray, IntArray]:
    """Prompts [B, L] for generate() and their mask, inferred from the id of padding if not given.

    Raises TypeError, ValueError, also where a row ends with padding: it could not be gone on from.
    """
    ids = check_ids(input_ids, vocab_size=config.vocab_size)
    if ids.ndim != 2:
        raise ValueError(f"input_ids has shape {ids.shape}, expected [B, L]: one row for each text")
    if attention_mask is not None:
        mask = check_mask(attention_mask, ids.shape)
    else:
        mask = np.ones_like(ids) if padding is None else (ids != padding).astype(np.int64)
    if not mask[:, -1].all():
        raise ValueError("a row ends with padding, but padding must stand on the left to generate: "
                         'give the tokenizer padding_side="left"')
    return ids, mask
