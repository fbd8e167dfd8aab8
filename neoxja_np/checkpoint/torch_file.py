"""A file of torch.save, such as pytorch_model.bin: a zip archive of one pickle and the storages.

The numbers are mapped into memory where they lie; the pickle, which says what they are, is
interpreted and never executed, so that a file from anywhere can be read.
"""

from pathlib import Path
from typing import BinaryIO

import numpy as np

from neoxja_np.checkpoint.stored import (
    STORED_AS,
    CheckpointError,
    StoredTensor,
    printable,
    refuse_pointer,
)
from neoxja_np.checkpoint.torch_pickle import LARGEST, View, state_dict
from neoxja_np.checkpoint.zip_file import Member, read_directory

BEFORE_ZIP = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # a magic number, behind a pickle's two bytes
RECORDS = {"data.pkl", "version", "byteorder", ".format_version", ".storage_alignment",
           ".data/serialization_id"}


def read_torch_file(path: Path) -> dict[str, StoredTensor]:
    """Every tensor of a file of torch.save, by its name in the state dict.

    The numbers are not looked at: check_members() compares them with their checksums. Raises
    CheckpointError with what was found, where it is anything else than tensors by name.
    """
    with path.open("rb") as file:
        refuse_pointer(path, file.read(40))
    try:
        with path.open("rb") as file:
            return read_tensors(file, path)
    except CheckpointError as error:
        raise CheckpointError(f"{path} is not read as a file of torch.save: {error}") from None


def check_members(path: Path) -> None:
    """Raises CheckpointError where a member's bytes are not those that were written."""
    with path.open("rb") as file:
        for member in read_directory(file).values():
            member.check(file)


def read_tensors(file: BinaryIO, path: Path) -> dict[str, StoredTensor]:
    """The tensors of an open file."""
    if file.read(2 + len(BEFORE_ZIP))[2:] == BEFORE_ZIP:
        raise CheckpointError(
            "it has the format of torch before 1.6, without zip. Where torch is installed, write "
            f"it anew: torch.save(torch.load({path.name!r}, weights_only=True), 'new.bin'), and "
            "give that the old one's name")
    members = within_one_folder(read_directory(file))
    if "data.pkl" not in members:
        raise CheckpointError("the archive holds no data.pkl")
    if "byteorder" in members:
        order = members["byteorder"].read(file, at_most=99)
        if order != b"little":
            raise CheckpointError(f"its byte order is {order!r}, expected b'little'")
    views = state_dict(members["data.pkl"].read(file, at_most=LARGEST))
    for name in members:
        if name not in RECORDS and not name.startswith("data/"):
            raise CheckpointError(f"the archive holds {name!r}, which torch.save does not write")
    tensors = {name: stored_tensor(view, members, path) for name, view in views.items()}
    total = sum(tensor.nbytes for tensor in tensors.values())
    if total > 4 * path.stat().st_size:  # tied embeddings share their numbers, hardly more does
        raise CheckpointError(f"its tensors would take {total:,} bytes, four times the file's")
    return tensors


def within_one_folder(members: dict[str, Member]) -> dict[str, Member]:
    """The members by their names in the one folder that an archive of torch consists of."""
    folders = {name.partition("/")[0] for name in members}
    if len(folders) != 1 or folders & set(members):
        raise CheckpointError(f"the archive is not one folder, but {len(members)} members in "
                              f"{len(folders)}")
    return {name.partition("/")[2]: member for name, member in members.items()}


def stored_tensor(view: View, members: dict[str, Member], path: Path) -> StoredTensor:
    """Where a tensor's numbers lie in the file."""
    storage = view.storage
    member = members.get(f"data/{storage.key}")
    width = np.dtype(STORED_AS[storage.dtype]).itemsize
    if member is None or member.size != storage.count * width:
        found = "no bytes" if member is None else f"{member.size} bytes"
        raise CheckpointError(f"data/{printable(storage.key)} has {found}, the pickle says "
                              f"{storage.count} numbers of {storage.dtype}")
    return StoredTensor(path, storage.dtype, view.shape, member.offset + view.offset * width,
                        None if view.is_contiguous() else view.strides)
