"""Files written whole or not at all: beside their names first, then renamed."""

import json
import os
import re
import shutil
from collections.abc import Callable, Container, Iterable, Mapping
from pathlib import Path
from typing import Any

PART = re.compile(r"\.(.+)\.(\d+)\.part")


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """A JSON file in UTF-8, indented."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def remove_leftovers(folder: Path, names: Container[str]) -> None:
    """Removes the parts of such files that a process left which was killed while it wrote."""
    for part in folder.glob(".*.part"):
        match = PART.fullmatch(part.name)
        if match and match[1] in names and not is_running(int(match[2])):
            part.unlink(missing_ok=True)


def is_running(process: int) -> bool:
    """Whether there is such a process; where that cannot be asked without harm, yes."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass
    return True


def check_room(folder: Path, size: int) -> None:
    """Raises OSError where the folder's disk has too little room for `size` bytes."""
    there = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < size:
        raise OSError(f"{folder} needs {size / 1e9:.2f} GB, but its disk has {free / 1e9:.2f} GB "
                      "free; give a folder on another disk")


def write_files(folder: Path, files: Mapping[str, Callable[[Path], object]], *,
                instead_of: Iterable[Path] = (), size: int = 0) -> None:
    """Has each file written beside its name and renames all, in this order, when all are there.

    The files that they stand `instead_of` are removed last: so long as the file that says where
    the others are comes last in `files`, whoever is stopped on the way leaves the old ones or the
    new ones. A failure to write leaves the folder as it was; a `size` in bytes, where it is known,
    is a reason not to begin on a disk that has no room for it. Raises FileExistsError where the
    folder is a file; OSError.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    if not made and not folder.is_dir():
        raise FileExistsError(f"{str(folder)!r} is a file; give a folder to write into")
    remove_leftovers(folder, files)
    check_room(folder, size)
    folder.mkdir(parents=True, exist_ok=True)
    parts = {name: folder / f".{name}.{os.getpid()}.part" for name in files}
    try:
        for name, write in files.items():
            parts[name].touch()  # with the user's own permissions
            write(parts[name])
            with parts[name].open("rb+") as file:
                os.fsync(file.fileno())  # on disk before it takes the place of another
        for name, part in parts.items():
            os.replace(part, folder / name)
        for path in instead_of:
            path.unlink()
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
        for path in made:
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
