"""A safetensors file: 8 bytes of length, a JSON header, then the tensors' bytes, memory-mapped.

https://github.com/huggingface/safetensors#format. The library validates; it cannot give bfloat16 to
NumPy, and it copies, so the bytes themselves are mapped here, and written a tensor at a time.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from neoxja_np.checkpoint.stored import (
    STORED_AS,
    CheckpointError,
    StoredTensor,
    is_possible,
    parse_json,
    printable,
    refuse_pointer,
)

NAMES = {np.dtype(dtype).name: name for name, dtype in STORED_AS.items() if name != "BF16"}
WIDTH = {name: np.dtype(dtype).itemsize for name, dtype in STORED_AS.items()}
LARGEST_HEADER = 1 << 21  # bytes; that of the 2.7B model has 45,000


def read_header(path: Path) -> dict[str, StoredTensor]:
    """Every tensor of a safetensors file, in the order of its bytes.

    Raises CheckpointError for a broken file, and for one that readers could understand in two ways.
    """
    with path.open("rb") as file:
        start = file.read(40)
        refuse_pointer(path, start)
        length = int.from_bytes(start[:8], "little")
        file.seek(8)
        text = file.read(min(length, LARGEST_HEADER))
    try:
        if length > LARGEST_HEADER:
            raise CheckpointError(f"its first 8 bytes announce a header of {length:,}; "
                                  f"{LARGEST_HEADER:,} are the most that is read")
        with safe_open(path, framework="np"):
            pass
        return strictly(text, path)
    except (CheckpointError, SafetensorError, OSError) as error:
        why = printable(str(error))
        raise CheckpointError(f"{path} is not a complete safetensors file ({why}); "
                              "fetch or write it again") from None


def strictly(text: bytes, path: Path) -> dict[str, StoredTensor]:
    """The tensors of a header that the library has validated; what it lets through is refused."""
    if text[:1] != b"{":
        raise CheckpointError("its header does not begin with {")
    header = parse_json(text)
    if not isinstance(header.pop("__metadata__", {}), dict):
        raise CheckpointError("its __metadata__ is no JSON object")
    tensors = {}
    for name, entry in header.items():
        if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
            raise CheckpointError(f"{name!r} is described by something else than dtype, shape and "
                                  "data_offsets")
        if not name.isprintable() or not is_possible(tuple(entry["shape"])):
            raise CheckpointError(f"its tensor {name!r} has no possible name or shape")
        tensors[name] = StoredTensor(path, entry["dtype"], tuple(entry["shape"]),
                                     8 + len(text) + entry["data_offsets"][0])
    return dict(sorted(tensors.items(), key=lambda item: item[1].offset))


@dataclass(frozen=True)
class Outgoing:
    """A tensor to be written: what it is, and its bytes, made when their turn comes."""

    dtype: str  # as safetensors spells it
    shape: tuple[int, ...]
    blocks: Callable[[], Iterable[NDArray[Any]]]  # C-contiguous, little-endian; together the tensor

    @property
    def nbytes(self) -> int:
        """How many bytes it takes in the file."""
        return math.prod(self.shape) * WIDTH[self.dtype]


def outgoing(array: NDArray[Any]) -> Outgoing:
    """An array in memory as a tensor to be written. Raises KeyError for dtypes without a name."""
    little = array.dtype.newbyteorder("<")
    return Outgoing(NAMES[array.dtype.name], array.shape,
                    lambda: [np.ascontiguousarray(array, little)])


def write_tensors(tensors: Mapping[str, NDArray[Any] | Outgoing], path: Path) -> None:
    """A safetensors file, a tensor at a time. Raises OSError."""
    entries = {name: tensor if isinstance(tensor, Outgoing) else outgoing(tensor)
               for name, tensor in tensors.items()}
    # The widest numbers first, so that each tensor begins where its numbers are aligned.
    entries = dict(sorted(entries.items(), key=lambda item: -WIDTH[item[1].dtype]))
    # transformers reads "format" to know whose layout the tensors have.
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, entry in entries.items():
        begin, end = end, end + entry.nbytes
        header[name] = {"dtype": entry.dtype, "shape": entry.shape, "data_offsets": [begin, end]}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for entry in entries.values():
            for block in entry.blocks():
                file.write(block.reshape(-1).view(np.uint8).data)
