"""A model folder: its weights found, checked against the config and read."""

import re
import warnings
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.checkpoint.at_rest import equal, is_finite, matrix_at_rest
from neoxja_np.checkpoint.safetensors_file import read_header
from neoxja_np.checkpoint.shards import read_shards
from neoxja_np.checkpoint.stored import FLOATS, CheckpointError, StoredTensor, mapped
from neoxja_np.checkpoint.torch_file import check_members, read_torch_file
from neoxja_np.checkpoint.widen import widen_all

READERS = {"model.safetensors": read_header, "pytorch_model.bin": read_torch_file}
PREFIX, HEAD = "gpt_neox_japanese.", "embed_out.weight"
EMBEDDING = PREFIX + "embed_in.weight"
LEFTOVER = re.compile(r"\.attention\.(rotary_emb\.inv_freq|bias|masked_bias)$")  # old buffers


def stored_tensors(folder: Path) -> dict[str, StoredTensor]:
    """Every tensor in the folder's weight files, from their headers alone.

    safetensors before a pickled file, one file before shards. Raises FileNotFoundError,
    CheckpointError.
    """
    for file, read in READERS.items():
        if (folder / file).is_file():
            return read(folder / file)
        if (folder / f"{file}.index.json").is_file():
            return read_shards(folder / f"{file}.index.json", read)
    raise FileNotFoundError(f"{folder} has no weights: expected {' or '.join(READERS)}, or one of "
                            "them with .index.json behind its name, and its shards")


def has_head(found: Container[str]) -> bool:
    """Whether a checkpoint with these names is one of the model with its head."""
    return HEAD in found or "embed_in.weight" not in found


def check_sums(path: Path) -> None:
    """Raises CheckpointError where a pickled file's bytes are not those that were written.

    A safetensors file has no checksum.
    """
    try:
        if path.suffix == ".bin":
            check_members(path)
    except CheckpointError as error:
        raise CheckpointError(f"{path} is damaged: {error}; fetch it again") from None


def match(found: Mapping[str, StoredTensor], shapes: Mapping[str, tuple[int, ...]], *,
          tie: bool) -> tuple[dict[str, StoredTensor], list[str], list[str]]:
    """The tensors that `shapes` names, what is wrong with them, and notes on what else there is.

    `tie` is the config's tie_word_embeddings: the head may be missing then (quirk 10).
    """
    if "embed_in.weight" in found:  # saved from the model without a head, whose names are shorter
        found = {name if name == HEAD else PREFIX + name: t for name, t in found.items()}
    old = [name for name in found if LEFTOVER.search(name)]
    notes = [f"ignored {len(old)} buffers of an old checkpoint, such as {old[0]}"] if old else []
    needed = set(shapes) - ({HEAD} if tie else set())
    problems = [f"missing: {name} {shapes[name]}" for name in shapes
                if name in needed and name not in found]
    problems += [f"unexpected: {name} {tensor.shape}" for name, tensor in found.items()
                 if name not in shapes and name not in old and name != HEAD]
    fitting = {}
    for name in (name for name in shapes if name in found):
        if problem := problem_of(found[name], shapes[name]):
            problems.append(f"{problem[0]}: {name} is {problem[1]}")
        else:
            fitting[name] = found[name]
    return fitting, problems, notes


def problem_of(tensor: StoredTensor, shape: tuple[int, ...]) -> tuple[str, str] | None:
    """What is wrong with a tensor, from its header: the kind of problem, and what was expected."""
    if tensor.shape != shape:
        return "wrong shape", f"{tensor.shape}, the config makes it {shape}"
    if tensor.dtype not in FLOATS:
        return "wrong dtype", f"{tensor.dtype}, expected one of {', '.join(FLOATS)}"
    return None


def load_weights(folder: Path, shapes: Mapping[str, tuple[int, ...]], *, tie: bool,
                 dtype: np.dtype[Any], at_rest: bool = False) -> tuple[dict[str, Array], list[str]]:
    """The tensors that `shapes` names, as `dtype`, and notes on what else was found.

    `at_rest` leaves matrices in the file, mapped, to be widened in each product. Raises
    CheckpointError with all that is missing, unexpected, of another shape or dtype, or not finite;
    nothing is returned then.
    """
    fitting, problems, notes = match(stored_tensors(folder), shapes, tie=tie)
    matrices = {name: tensor for name, tensor in fitting.items()
                if at_rest and len(tensor.shape) == 2}
    contents = {path: mapped(path) for path in {tensor.path for tensor in matrices.values()}}
    resting = {name: matrix_at_rest(tensor, contents[tensor.path], dtype)
               for name, tensor in matrices.items()}
    tensors, endless = widen_all(
        {name: tensor for name, tensor in fitting.items() if name not in resting}, dtype)
    endless += [name for name, matrix in resting.items() if not is_finite(matrix)]
    tensors |= resting
    problems += [f"not finite: {name} holds NaN or infinity as {dtype}" for name in endless]
    if problems:
        raise CheckpointError(f"the weights in {folder} cannot be used:\n  "
                              + "\n  ".join(problems))
    if tie and HEAD in shapes:
        notes.append(tie_head(tensors))
    return tensors, notes


def tie_head(tensors: dict[str, Array]) -> str:
    """Enters the embedding as the head, unless the file stores another; says what was found."""
    if HEAD in tensors and not equal(tensors[HEAD], tensors[EMBEDDING]):
        warnings.warn(f"tie_word_embeddings is true, but {HEAD} and {EMBEDDING} differ in the "
                      "file: both are kept, as in transformers 5", stacklevel=4)
        return f"not tied: {HEAD} is stored and differs from {EMBEDDING}"
    stored = HEAD in tensors
    tensors[HEAD] = tensors[EMBEDDING]
    if stored:
        return f"tied: {HEAD} is stored and equals {EMBEDDING}"
    return f"tied: {HEAD} is not stored, so the head uses {EMBEDDING}"
