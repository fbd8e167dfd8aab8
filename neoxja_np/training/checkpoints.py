"""Where a run stands: folders step-N, each a model folder with the optimiser's state."""

import shutil
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file, save_file

from neoxja_np.files import read_json, write_json
from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM
from neoxja_np.training.adamw import AdamW, Parameters, parameters

STATE = "training.json"
OPTIMIZER = "optimizer.safetensors"


def newest_checkpoint(folder: Path) -> Path | None:
    """The last complete checkpoint in a folder of them."""
    return max(folder.glob("step-" + "[0-9]" * 8), default=None)


def save_checkpoint(folder: Path, model: GPTNeoXJapaneseForCausalLM, optimizer: AdamW,
                    state: dict[str, Any]) -> None:
    """Writes folder/step-N, whole or not at all, then removes the ones before.

    state: "step", N, and what else a run has to remember, as JSON.
    """
    target = folder / f"step-{state['step']:08}"
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    model.save_pretrained(part)
    save_file({f"{kind}.{name}": array for kind in ("means", "squares")
               for name, array in getattr(optimizer, kind).items()}, part / OPTIMIZER)
    write_json(part / STATE, {**state, "updates": optimizer.updates})
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)
    for other in folder.glob("step-*"):
        if other != target:
            shutil.rmtree(other)


def load_checkpoint(folder: Path, weights: Parameters, optimizer: AdamW) -> dict[str, Any]:
    """The state of a checkpoint; weights and optimiser are filled with what they were."""
    dtype = next(iter(weights.values())).dtype.name
    saved = GPTNeoXJapaneseForCausalLM.from_pretrained(folder, dtype)
    for name, array in parameters(saved.weights).items():
        weights[name][...] = array
    for key, array in load_file(folder / OPTIMIZER).items():
        kind, name = key.split(".", 1)
        getattr(optimizer, kind)[name] = array
    state = read_json(folder / STATE)
    optimizer.updates = state["updates"]
    return state
