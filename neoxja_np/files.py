"""Model folders found, and files read with clear errors."""

import json
import re
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
    if Path(name).is_file():
        message = f"{str(name)!r} is a file; give the model folder that it is in"
    elif re.fullmatch(r"[\w.-]+/[\w.-]+", str(name)):
        target = str(name).split("/")[1]
        message += (". It looks like a name on the Hugging Face hub, from which nothing is fetched "
                    "here. Run\n\n    pip install huggingface_hub\n"
                    f"    hf download {name} --local-dir {target}\n\n"
                    f"and give the folder {target!r}")
    raise FileNotFoundError(message)


def read_text(path: Path) -> str:
    """The text of a file in UTF-8. Raises FileNotFoundError, ValueError."""
    if not path.is_file():
        raise FileNotFoundError(
            f"{path.parent} has no {path.name}; a model folder needs config.json and "
            "model.safetensors or pytorch_model.bin, a tokenizer vocab.txt and emoji.json")
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
