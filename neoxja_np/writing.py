"""Files written whole or not at all: beside their names first, then renamed."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """A JSON file in UTF-8, indented."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write_files(folder: Path, files: Mapping[str, Callable[[Path], object]], *,
                instead_of: Iterable[Path] = ()) -> None:
    """Has each file written beside its name and renames all, in this order, when all are there.

    The files that they stand `instead_of` are removed last: so long as the file that says where
    the others are comes last in `files`, whoever is stopped on the way leaves the old ones or the
    new ones. A failure to write leaves the folder as it was.
    """
    if folder.is_file():
        raise FileExistsError(f"{str(folder)!r} is a file; give a folder to write into")
    folder.mkdir(parents=True, exist_ok=True)
    parts = {name: folder / f".{name}.{os.getpid()}.part" for name in files}
    try:
        for name, write in files.items():
            parts[name].touch()  # with the user's own permissions
            write(parts[name])
        for name, part in parts.items():
            os.replace(part, folder / name)
        for path in instead_of:
            path.unlink()
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
