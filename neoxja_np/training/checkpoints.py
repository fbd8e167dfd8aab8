"""Where a run stands: folders step-N, each a model folder with the optimiser's state."""

import shutil
from pathlib import Path
from typing import Any

from neoxja_np.checkpoint.safetensors_file import read_header, write_tensors
from neoxja_np.files import read_json
from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM
from neoxja_np.training.adamw import AdamW, Parameters, parameters
from neoxja_np.writing import write_files, write_json

STATE = "training.json"
OPTIMIZER = "optimizer.safetensors"
STEP = "step-" + "[0-9]" * 8
TOKENIZER = ("vocab.txt", "emoji.json", "tokenizer_config.json")


def newest_checkpoint(folder: Path) -> Path | None:
    """The last complete checkpoint in a folder of them."""
    return max(folder.glob(STEP), default=None)


def save_checkpoint(folder: Path, model: GPTNeoXJapaneseForCausalLM, optimizer: AdamW,
                    state: dict[str, Any]) -> None:
    """Writes folder/step-N, whole or not at all, then removes the ones before.

    state: "step", N, and what else a run has to remember, as JSON. The files of a tokenizer that
    stand beside `folder` go with it. Raises OSError.
    """
    target = folder / f"step-{state['step']:08}"
    if target.exists():
        return
    part = target.with_name(target.name + ".part")
    moments = {f"{kind}.{name}": array for kind in ("means", "squares")
               for name, array in getattr(optimizer, kind).items()}
    try:
        model.save_pretrained(part)
        for name in TOKENIZER:
            if (folder.parent / name).is_file():
                shutil.copy(folder.parent / name, part)
        write_files(part, {
            OPTIMIZER: lambda path: write_tensors(moments, path),
            STATE: lambda path: write_json(path, {**state, "updates": optimizer.updates})})
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    for other in [*folder.glob(STEP), *folder.glob(STEP + ".part")]:
        if other != target:
            shutil.rmtree(other)


def load_checkpoint(folder: Path, weights: Parameters, optimizer: AdamW) -> dict[str, Any]:
    """The state of a checkpoint; weights and optimiser are filled with what they were."""
    dtype = next(iter(weights.values())).dtype.name
    saved = GPTNeoXJapaneseForCausalLM.from_pretrained(folder, dtype)
    for name, array in parameters(saved.weights).items():
        weights[name][...] = array
    for key, stored in read_header(folder / OPTIMIZER).items():
        kind, name = key.split(".", 1)
        getattr(optimizer, kind)[name] = stored.bits().astype(dtype)
    state = read_json(folder / STATE)
    optimizer.updates = state["updates"]
    return state
