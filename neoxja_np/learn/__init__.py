"""The exercises of the notebooks: check.NAME(mine) says at once whether an answer is right.

>>> from neoxja_np.learn import check
>>> check.rotate_half(lambda x: None)
✗ rotate_half: not written yet, or return is missing: it gives None.
  まだ書かれていません（または return がありません）。None が返ってきました。
"""

from types import SimpleNamespace

from neoxja_np.learn import (
    attention,
    cache,
    checkpoint,
    embedding,
    inside,
    layer_norm,
    mlp,
    model,
    oracle,
    rotary,
    sampler,
    tokenizer,
    tour,
    training,
)
from neoxja_np.learn.exercise import Exercise, Misconception, Verdict

STEMS = (tour, tokenizer, embedding, layer_norm, rotary, attention, mlp, model, cache, sampler,
         checkpoint, training, oracle, inside)
EXERCISES = [each for stem in STEMS for each in vars(stem).values() if isinstance(each, Exercise)]
check = SimpleNamespace(**{each.name: each for each in EXERCISES})

__all__ = ["EXERCISES", "Exercise", "Misconception", "Verdict", "check"]
