"""One tensor of a checkpoint's file: what it is and where its numbers lie."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

FLOATS = {"F16": np.float16, "BF16": np.uint16, "F32": np.float32, "F64": np.float64}
WHOLE = {"I64": np.int64, "I32": np.int32, "I16": np.int16, "I8": np.int8, "U8": np.uint8,
         "BOOL": np.bool_}
STORED_AS = {**FLOATS, **WHOLE}  # what a dtype's numbers are to NumPy; it has no bfloat16
LARGEST_SIZE = 1 << 58  # numbers: what 64 bits can count the bytes of


class CheckpointError(ValueError):
    """Weights that cannot be used; the message lists everything that is wrong with them."""


@dataclass(frozen=True)
class StoredTensor:
    """One tensor of a file, without its data."""

    path: Path
    dtype: str  # as safetensors spells it: F32, BF16, …
    shape: tuple[int, ...]
    offset: int  # of its first byte, from the start of the file
    strides: tuple[int, ...] | None = None  # in numbers; None: row after row, without gaps

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """How many bytes they take."""
        return self.size * np.dtype(STORED_AS[self.dtype]).itemsize

    def bits(self, content: NDArray[np.uint8] | None = None) -> NDArray[Any]:
        """The tensor as it is stored, read-only, mapped and not copied; bfloat16 as uint16.

        content: the whole file, where it is mapped already. Raises KeyError for other dtypes.
        """
        dtype = np.dtype(STORED_AS[self.dtype]).newbyteorder("<")
        if self.size == 0:
            return np.empty(self.shape, dtype)
        content = mapped(self.path) if content is None else content
        length = self.size if self.strides is None else extent(self.shape, self.strides)
        flat = content[self.offset:self.offset + length * dtype.itemsize].view(dtype)
        if self.strides is None:
            return flat.reshape(self.shape)
        return as_strided(flat, self.shape, [step * dtype.itemsize for step in self.strides],
                          writeable=False)


def mapped(path: Path) -> NDArray[np.uint8]:
    """A file's bytes, read-only, mapped into memory; a map keeps the file open."""
    return np.asarray(np.memmap(path, np.uint8, mode="r"))


def refuse_pointer(path: Path, start: bytes) -> None:
    """Raises CheckpointError where a file begins as what Git has in place of a large file."""
    if start.startswith(b"version https://git-lfs"):
        raise CheckpointError(f"{path} is a Git LFS pointer, not the file itself; "
                              "fetch it with `git lfs pull`")


def is_possible(shape: tuple[int, ...]) -> bool:
    """Whether NumPy can hold an array of that shape, an empty one too."""
    return len(shape) <= 32 and math.prod(max(1, size) for size in shape) <= LARGEST_SIZE


def printable(text: str) -> str:
    """The text with what cannot be shown, such as a terminal's commands, written as an escape."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def extent(shape: tuple[int, ...], strides: tuple[int, ...]) -> int:
    """How many numbers lie between the first of a view and its last, both counted."""
    if math.prod(shape) == 0:
        return 0
    return 1 + sum((size - 1) * step for size, step in zip(shape, strides, strict=True))


def parse_json(text: str | bytes) -> dict[str, Any]:
    """A JSON object in which each name stands once. Raises CheckpointError."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        for name, entry in pairs:
            if name in entries:
                raise CheckpointError(f"it names {name!r} twice")
            entries[name] = entry
        return entries

    try:
        value = json.loads(text, object_pairs_hook=once)
    except CheckpointError:
        raise
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"it is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise CheckpointError(f"it must hold one JSON object, got {type(value).__name__}")
    return value
