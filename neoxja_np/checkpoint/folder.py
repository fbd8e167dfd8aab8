"""A model folder: the files of its weights, read from it and written for it."""

import re
import warnings
from collections.abc import Callable, Container, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from neoxja_np.arrays import Array
from neoxja_np.checkpoint.safetensors_file import (
    STORED_AS,
    CheckpointError,
    StoredTensor,
    read_header,
    write_tensors,
)
from neoxja_np.checkpoint.widen import widen
from neoxja_np.files import read_json, write_json

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
PREFIX, HEAD = "gpt_neox_japanese.", "embed_out.weight"
EMBEDDING = PREFIX + "embed_in.weight"
WEIGHT_FILE = re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors|model\.safetensors\.index\.json")
LEFTOVER = re.compile(r"\.attention\.(rotary_emb\.inv_freq|bias|masked_bias)$")  # old buffers


def stored_tensors(folder: Path) -> dict[str, StoredTensor]:
    """Every tensor in the folder's weight files, from their headers alone.

    Raises FileNotFoundError, CheckpointError.
    """
    if (folder / SINGLE).is_file():
        return read_header(folder / SINGLE)
    if not (folder / INDEX).is_file():
        pickled = ", ".join(sorted(path.name for path in folder.glob("pytorch_model*.bin")))
        found = f". It has {pickled}, which is pickled and is not read" if pickled else ""
        raise FileNotFoundError(f"{folder} has neither {SINGLE} nor {INDEX}{found}")
    file_of = read_json(folder / INDEX).get("weight_map")
    if not isinstance(file_of, dict) or not all(isinstance(f, str) for f in file_of.values()):
        raise CheckpointError(f"{folder / INDEX} has no weight_map from tensors to files")
    files = sorted(set(file_of.values()))
    refuse(folder / INDEX, "files outside the folder", [f for f in files if f != Path(f).name])
    refuse(folder / INDEX, "files that are not there",
           [f for f in files if not (folder / f).is_file()])
    headers = {file: read_header(folder / file) for file in files}
    refuse(folder / INDEX, "tensors that their files do not hold",
           [name for name, file in file_of.items() if name not in headers[file]])
    return {name: headers[file][name] for name, file in file_of.items()}


def refuse(index: Path, what: str, names: list[str]) -> None:
    """Raises CheckpointError where there are such names in an index."""
    if names:
        raise CheckpointError(f"{index} names {what}: {', '.join(names)}")


def load_weights(folder: Path, shapes: Mapping[str, tuple[int, ...]], *, tie: bool,
                 dtype: np.dtype[Any]) -> tuple[dict[str, Array], list[str]]:
    """The tensors that `shapes` names, as `dtype`, and notes on what else was found.

    `tie` is the config's tie_word_embeddings (quirk 10). Raises CheckpointError with all that is
    missing, unexpected, of another shape or dtype, or not finite; nothing is returned then.
    """
    found = stored_tensors(folder)
    if "embed_in.weight" in found:  # saved from the model without a head, whose names are shorter
        found = {name if name == HEAD else PREFIX + name: t for name, t in found.items()}
    old = [name for name in found if LEFTOVER.search(name)]
    notes = [f"ignored {len(old)} buffers of an old checkpoint, such as {old[0]}"] if old else []

    needed = set(shapes) - ({HEAD} if tie else set())
    problems = [f"missing: {name} {shapes[name]}" for name in shapes
                if name in needed and name not in found]
    problems += [f"unexpected: {name} {tensor.shape}" for name, tensor in found.items()
                 if name not in shapes and name not in old and name != HEAD]
    tensors: dict[str, Array] = {}
    names = [name for name in shapes if name in found]
    for name in tqdm(names, desc="loading", unit="tensor", disable=None, delay=1):
        if problem := problem_of(found[name], shapes[name]):
            problems.append(f"{problem[0]}: {name} is {problem[1]}")
            continue
        tensors[name] = widen(found[name], dtype)
        if not np.isfinite(tensors[name]).all():
            problems.append(f"not finite: {name} holds NaN or infinity as {dtype}")
    if problems:
        raise CheckpointError(f"the weights in {folder} cannot be used:\n  "
                              + "\n  ".join(problems))
    if tie and HEAD in shapes:
        notes.append(tie_head(tensors))
    return tensors, notes


def problem_of(tensor: StoredTensor, shape: tuple[int, ...]) -> tuple[str, str] | None:
    """What is wrong with a tensor, from its header: the kind of problem, and what was expected."""
    if tensor.shape != shape:
        return "wrong shape", f"{tensor.shape}, the config makes it {shape}"
    if tensor.dtype not in STORED_AS:
        return "wrong dtype", f"{tensor.dtype}, expected one of {', '.join(STORED_AS)}"
    return None


def tie_head(tensors: dict[str, Array]) -> str:
    """Enters the embedding as the head, unless the file stores another; says what was found."""
    if HEAD in tensors and not np.array_equal(tensors[HEAD], tensors[EMBEDDING]):
        warnings.warn(f"tie_word_embeddings is true, but {HEAD} and {EMBEDDING} differ in the "
                      "file: both are kept, as in transformers 5", stacklevel=4)
        return f"not tied: {HEAD} is stored and differs from {EMBEDDING}"
    stored = HEAD in tensors
    tensors[HEAD] = tensors[EMBEDDING]
    if stored:
        return f"tied: {HEAD} is stored and equals {EMBEDDING}"
    return f"tied: {HEAD} is not stored, so the head uses {EMBEDDING}"


def in_bytes(size: int | str) -> int:
    """A number of bytes, or one such as "500MB", "5GB". Raises ValueError for anything else."""
    match = re.fullmatch(r"([1-9]\d*)(|KB|MB|GB)", str(size))
    if not match:
        raise ValueError(f'a size must be a number of bytes or such as "5GB", got {size!r}')
    return int(match[1]) * {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}[match[2]]


def weight_files(tensors: Mapping[str, Array], *,
                 max_shard_size: int) -> dict[str, Callable[[Path], object]]:
    """The files of these weights and how each is written: one, or shards and their index.

    A shard holds at most max_shard_size bytes, unless one tensor alone is larger.
    """
    shards: list[dict[str, Array]] = [{}]
    size = 0
    for name, array in tensors.items():
        if shards[-1] and size + array.nbytes > max_shard_size:
            shards.append({})
            size = 0
        shards[-1][name] = np.ascontiguousarray(array)
        size += array.nbytes
    writers = [partial(write_tensors, shard) for shard in shards]
    if len(shards) == 1:
        return {SINGLE: writers[0]}
    names = [f"model-{i + 1:05}-of-{len(shards):05}.safetensors" for i in range(len(shards))]
    index = {"metadata": {"total_size": sum(array.nbytes for array in tensors.values())},
             "weight_map": {tensor: name for name, shard in zip(names, shards, strict=True)
                            for tensor in shard}}
    return {**dict(zip(names, writers, strict=True)),
            INDEX: lambda path: write_json(path, index)}


def other_weights(folder: Path, *, than: Container[str]) -> list[Path]:
    """The weight files of an earlier save, which would be read in place of new ones."""
    return [path for path in folder.glob("model*")
            if WEIGHT_FILE.fullmatch(path.name) and path.name not in than]
