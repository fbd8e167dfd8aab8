"""Weights in several files: an index says which tensor is in which, and how large they are."""

import re
from collections.abc import Callable, Container, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from neoxja_np.arrays import Array
from neoxja_np.checkpoint.safetensors_file import Outgoing, write_tensors
from neoxja_np.checkpoint.stored import STORED_AS, CheckpointError, StoredTensor, parse_json
from neoxja_np.files import read_text
from neoxja_np.writing import write_json

LARGEST_INDEX = 1 << 21  # bytes; that of the 2.7B model has 30,000
SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
WEIGHT_FILE = re.compile(
    r"model(_2)?-\d{5}-of-\d{5}\.safetensors|model\.safetensors(\.index\.json)?")


def read_shards(index: Path,
                read: Callable[[Path], dict[str, StoredTensor]]) -> dict[str, StoredTensor]:
    """Every tensor that an index names, from the headers of its files.

    Raises CheckpointError where index and files do not say the same.
    """
    try:
        if index.stat().st_size > LARGEST_INDEX:
            raise CheckpointError(f"more than {LARGEST_INDEX:,} bytes, the most that is read")
        content = parse_json(read_text(index))
    except ValueError as error:
        raise CheckpointError(f"{index} cannot be used: {error}") from None
    file_of = content.get("weight_map")
    if not isinstance(file_of, dict) or not all(isinstance(f, str) for f in file_of.values()):
        raise CheckpointError(f"{index} has no weight_map from tensors to files")
    files = sorted(set(file_of.values()))
    refuse(index, "files outside the folder", [f for f in files if f != Path(f).name or "\\" in f])
    refuse(index, "files that are not there",
           [f for f in files if not is_file(index.parent / f)])
    headers = {file: read(index.parent / file) for file in files}
    refuse(index, "tensors that their files do not hold",
           [name for name, file in file_of.items() if name not in headers[file]])
    for file, header in headers.items():
        elsewhere = [name for name in header if file_of.get(name) != file]
        if elsewhere:
            raise CheckpointError(f"{file} holds {', '.join(map(repr, elsewhere))}, which {index} "
                                  "does not look for there")
    tensors = {name: headers[file][name] for name, file in file_of.items()}
    check_total(content.get("metadata"), tensors, index)
    return tensors


def check_total(metadata: Any, tensors: Mapping[str, StoredTensor], index: Path) -> None:
    """Raises CheckpointError where the index counts other bytes than its tensors have.

    Tensors that share their bytes may be counted once, as Hugging Face does, or each.
    """
    total = metadata.get("total_size") if isinstance(metadata, dict) else None
    sizes = [(tensor.path, tensor.offset, tensor.nbytes) for tensor in tensors.values()
             if tensor.dtype in STORED_AS]
    sums = {sum(size for *_, size in some) for some in (sizes, set(sizes))}
    if total is not None and len(sizes) == len(tensors) and (
            type(total) is not int or total not in sums):
        raise CheckpointError(f"{index} says total_size {total}, but its tensors have "
                              f"{max(sums)} bytes: is a file of another model among them?")


def is_file(path: Path) -> bool:
    """Whether there is such a file; a name that is too long is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def refuse(index: Path, what: str, names: list[str]) -> None:
    """Raises CheckpointError where there are such names in an index."""
    if names:
        raise CheckpointError(f"{index} names {what}: {', '.join(map(repr, names))}")


def in_bytes(size: int | str) -> int:
    """A number of bytes, or one such as "500MB", "5GB". Raises ValueError for anything else."""
    match = re.fullmatch(r"([1-9]\d*)(|KB|MB|GB)", str(size))
    if not match:
        raise ValueError('a size must be a number of bytes or such as "5GB", in KB, MB or GB, at '
                         f"least 1; got {size!r}")
    return int(match[1]) * {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}[match[2]]


def weight_files(tensors: Mapping[str, Array | Outgoing], folder: Path, *,
                 max_shard_size: int) -> dict[str, Callable[[Path], object]]:
    """The files of these weights in a folder and how each is written, what the reader opens last.

    One file, or shards of at most max_shard_size bytes, unless one tensor alone is larger, and
    their index. Shards never have the names of those that the folder's index names now, so that
    these can be read until the new index takes the place of the old.
    """
    shards: list[dict[str, Array | Outgoing]] = [{}]
    size = 0
    for name, tensor in tensors.items():
        if shards[-1] and size + tensor.nbytes > max_shard_size:
            shards.append({})
            size = 0
        shards[-1][name] = tensor
        size += tensor.nbytes
    writers = [partial(write_tensors, shard) for shard in shards]
    if len(shards) == 1:
        return {SINGLE: writers[0]}
    old = (folder / INDEX).read_bytes() if (folder / INDEX).is_file() else b""
    stem = "model_2" if b'"model-' in old else "model"
    names = [f"{stem}-{i + 1:05}-of-{len(shards):05}.safetensors" for i in range(len(shards))]
    index = {"metadata": {"total_size": sum(tensor.nbytes for tensor in tensors.values())},
             "weight_map": {tensor: name for name, shard in zip(names, shards, strict=True)
                            for tensor in shard}}
    return {**dict(zip(names, writers, strict=True)),
            INDEX: lambda path: write_json(path, index)}


def other_weights(folder: Path, *, than: Container[str]) -> list[Path]:
    """The weight files of an earlier save, which would be read in place of new ones."""
    return [path for path in folder.glob("model*")
            if WEIGHT_FILE.fullmatch(path.name) and path.name not in than]
