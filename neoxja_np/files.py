"""Model folders found, files read with clear errors and written whole or not at all."""

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

BUILT_IN = (Path(__file__).parent / "models",        # wheel
            Path(__file__).parents[1] / "weights")   # checkout


def find_folder(name: str | Path) -> Path:
    """The folder of that path, or of a model in this package. Raises FileNotFoundError."""
    for path in (Path(name), *(place / str(name) for place in BUILT_IN)):
        if path.is_dir():
            return path
    message = f"there is no model folder {str(name)!r}"
    if re.fullmatch(r"[\w.-]+/[\w.-]+", str(name)):
        revision = " --revision refs/pr/3" if str(name) == "abeja/gpt-neox-japanese-2.7b" else ""
        target = str(name).split("/")[1]
        message += (". It looks like a name on the Hugging Face hub, from which nothing is fetched "
                    "here. Run\n\n    pip install huggingface_hub\n"
                    f"    hf download {name}{revision} --local-dir {target}\n\n"
                    f"and give the folder {target!r}")
    raise FileNotFoundError(message)


def read_text(path: Path) -> str:
    """The text of a file in UTF-8. Raises FileNotFoundError, ValueError."""
    if not path.is_file():
        raise FileNotFoundError(
            f"{path.parent} has no {path.name}; a model folder needs config.json and "
            "model.safetensors, a tokenizer vocab.txt and emoji.json")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8: byte {error.object[error.start]:#04x} "
                         f"at {error.start}") from None


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises FileNotFoundError, ValueError where it holds none."""
    try:
        value = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"{path} must hold one JSON object, got {type(value).__name__}")
    return value


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """A JSON file in UTF-8, indented."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write_files(folder: Path, files: Mapping[str, Callable[[Path], object]], *,
                instead_of: Iterable[Path] = ()) -> None:
    """Has each file written beside its name and renames all when all are there.

    The files that they stand `instead_of` are removed then. A failure to write leaves the folder
    as it was.
    """
    if folder.is_file():
        raise FileExistsError(f"{str(folder)!r} is a file; give a folder to write into")
    folder.mkdir(parents=True, exist_ok=True)
    parts = {name: folder / f".{name}.{os.getpid()}.part" for name in files}
    try:
        for name, write in files.items():
            parts[name].touch()  # with the user's own permissions
            write(parts[name])
        for path in instead_of:
            path.unlink()
        for name, part in parts.items():
            os.replace(part, folder / name)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
