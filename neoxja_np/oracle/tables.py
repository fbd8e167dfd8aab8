"""A fixture's first numbers as text, for a first look from any language."""

import numpy as np

from neoxja_np.oracle.cases import counted, run
from neoxja_np.oracle.fixture import Fixture
from neoxja_np.weights import flatten

SHOWN = 5


def first_numbers(fixture: Fixture) -> str:
    """For each case, every tap's shape, length and first numbers that count; then the weights'.

    In float64, with rotary's angles in float32 as Hugging Face computes them.
    """
    model = fixture.model("float64")
    lines = [f"# {fixture.name}: {fixture.summary}",
             "# name | shape | Euclidean length | first numbers … last numbers; of activations, "
             "those that", "# count: none of padding, and in attention.scores none of later tokens",
             "", "[weights]"]
    tensors = flatten(model.weights)
    if fixture.config.tie_word_embeddings:
        del tensors["embed_out.weight"]     # which is embed_in.weight
    lines += [line(name, array, np.ones(array.shape, bool)) for name, array in tensors.items()]
    for label, case in fixture.cases.items():
        lines += ["", f"[{label}]", f"input_ids {case.input_ids.tolist()}",
                  f"attention_mask {case.attention_mask.tolist()}",
                  f"position_ids {case.positions.tolist()}", f"cuts {list(case.cuts)}"]
        lines += [line(name, value, np.broadcast_to(counted(case, name), value.shape))
                  for name, value in run(model, case).items()]
    return "\n".join(lines) + "\n"


def line(name: str, value: np.ndarray, counts: np.ndarray) -> str:
    """One tensor."""
    kept = value[counts]
    first, last = (" ".join(f"{number:.9g}" for number in part)
                   for part in (kept[:SHOWN], kept[-SHOWN:]))
    shape = " x ".join(map(str, value.shape))
    return f"{name} | {shape} | {np.linalg.norm(kept):.9g} | {first} … {last}"
