"""A safetensors file: 8 bytes of length, a JSON header, then the tensors' bytes, memory-mapped.

https://github.com/huggingface/safetensors#format. The library validates; it cannot give bfloat16 to
NumPy, and it copies, so the bytes themselves are mapped here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from neoxja_np.arrays import Array

STORED_AS = {"F16": np.float16, "BF16": np.uint16, "F32": np.float32, "F64": np.float64}


class CheckpointError(ValueError):
    """Weights that cannot be used; the message lists everything that is wrong with them."""


@dataclass(frozen=True)
class StoredTensor:
    """One tensor of a file: where it is and what it is, without its data."""

    path: Path
    dtype: str  # as the file spells it: F32, BF16, …
    shape: tuple[int, ...]
    offset: int  # of its first byte, from the start of the file

    def bits(self) -> NDArray[Any]:
        """The tensor as it is stored, read-only, not copied; bfloat16 as uint16.

        Raises KeyError for other dtypes.
        """
        dtype = np.dtype(STORED_AS[self.dtype]).newbyteorder("<")
        return np.memmap(self.path, dtype, mode="r", offset=self.offset, shape=self.shape)


def first_bytes(path: Path, count: int) -> bytes:
    """How a file begins."""
    with path.open("rb") as file:
        return file.read(count)


def read_header(path: Path) -> dict[str, StoredTensor]:
    """Every tensor of a safetensors file, in the order of its bytes.

    Raises CheckpointError for a broken file.
    """
    try:
        with safe_open(path, framework="np"):
            pass
    except (SafetensorError, OSError) as error:
        if path.is_file() and first_bytes(path, 23) == b"version https://git-lfs":
            raise CheckpointError(f"{path} is a Git LFS pointer, not the file itself; "
                                  "fetch it with `git lfs pull`") from None
        raise CheckpointError(f"{path} is not a complete safetensors file ({error}); "
                              "fetch or write it again") from None
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    tensors = {name: StoredTensor(path, entry["dtype"], tuple(entry["shape"]),
                                  8 + length + entry["data_offsets"][0])
               for name, entry in header.items()}
    return dict(sorted(tensors.items(), key=lambda item: item[1].offset))


def write_tensors(tensors: Mapping[str, Array], path: Path) -> None:
    """A safetensors file, with the permissions of any file of the user. Raises OSError."""
    path.touch()
    mode = path.stat().st_mode  # which save_file would narrow
    try:
        # transformers reads "format" to know whose layout the tensors have
        save_file(dict(tensors), path, metadata={"format": "pt"})
    except SafetensorError as error:
        raise OSError(f"{path} cannot be written: {error}") from None
    path.chmod(mode)
