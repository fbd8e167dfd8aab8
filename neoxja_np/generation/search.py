"""Token after token: the prompt goes through the model once, then each new token alone, cached."""

from collections.abc import Iterator

import numpy as np

from neoxja_np.arrays import Array, IntArray
from neoxja_np.cache import KeyValueCache
from neoxja_np.config import GPTNeoXJapaneseConfig
from neoxja_np.generation.processors import apply_temperature, keep_top_k, keep_top_p
from neoxja_np.generation.sampler import draw, greedy
from neoxja_np.generation.settings import GenerationConfig
from neoxja_np.layers.attention import softmax
from neoxja_np.model import forward
from neoxja_np.weights import CausalLMWeights

# Tokens of a prompt at a time. With three layers of the 2.7B's size, 1,024 tokens took 3.6 s with
# 128, 256 or 512, 4.4 s with 64, 4.1 s at once; 2,047 took 0.26, 0.39 or 0.63 GB, 2.0 at once.
CHUNK = 256


def next_token(logits: Array, *, settings: GenerationConfig, rng: np.random.Generator) -> IntArray:
    """logits [B, V] -> [B]: the likeliest token, or one drawn.

    A draw comes after temperature, top k and top p, in this order.
    """
    if not settings.do_sample:
        return greedy(logits)
    logits = apply_temperature(logits, temperature=settings.temperature)
    if settings.top_k:
        logits = keep_top_k(logits, top_k=settings.top_k)
    if settings.top_p < 1:
        logits = keep_top_p(logits, top_p=settings.top_p)
    return draw(softmax(logits), rng.random(logits.shape[:-1]))


def positions_of(attention_mask: IntArray) -> IntArray:
    """attention_mask [B, L] -> [B, L]: real tokens count from 0, whatever padding precedes."""
    real = attention_mask != 0
    return np.where(real, real.cumsum(axis=-1) - 1, 0)


def last_logits(input_ids: IntArray, w: CausalLMWeights, *, config: GPTNeoXJapaneseConfig,
                attention_mask: IntArray, position_ids: IntArray, cache: KeyValueCache,
                angle_dtype: str) -> Array:
    """input_ids [B, L], attention_mask [B, M], position_ids [B, L] -> [B, V]: of the last token.

    A long prompt goes through the cache in chunks: scores are then [B, H, CHUNK, M], not
    [B, H, M, M].
    """
    past = cache.length
    for start in range(0, input_ids.shape[1], CHUNK):
        part = slice(start, start + CHUNK)
        logits = forward(input_ids[:, part], w, config=config, cache=cache, keep=slice(-1, None),
                         attention_mask=attention_mask[:, :past + part.stop],
                         position_ids=position_ids[:, part], angle_dtype=angle_dtype)
    return logits[:, -1]


def generate_steps(input_ids: IntArray, w: CausalLMWeights, *, config: GPTNeoXJapaneseConfig,
                   settings: GenerationConfig, attention_mask: IntArray, angle_dtype: str,
                   rng: np.random.Generator) -> Iterator[IntArray]:
    """input_ids [B, L], attention_mask [B, L] -> [B] again and again: each row's next token.

    A row that has ended goes on with the filler; the steps stop when all have ended, or at the
    length asked for.
    """
    batch, length = input_ids.shape
    steps = settings.new_tokens(length)
    cache = KeyValueCache.empty(
        layers=config.num_hidden_layers, batch=(batch,), heads=config.num_attention_heads,
        capacity=length + steps, head_size=config.head_size, dtype=w["embed_out"]["weight"].dtype)
    position_ids = positions_of(attention_mask)
    ended = np.zeros(batch, dtype=bool)
    for _ in range(steps):
        logits = last_logits(input_ids, w, config=config, attention_mask=attention_mask,
                             position_ids=position_ids, cache=cache, angle_dtype=angle_dtype)
        token = next_token(logits, settings=settings, rng=rng)
        token = np.where(ended, settings.filler, token)
        yield token
        ended |= np.isin(token, settings.eos_token_ids)
        if ended.all():
            return
        input_ids, position_ids = token[:, None], position_ids[:, -1:] + 1
        attention_mask = np.concatenate([attention_mask, np.ones_like(input_ids)], axis=-1)
