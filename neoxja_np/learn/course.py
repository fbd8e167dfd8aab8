"""The notebooks, copied out: in both languages, as they are committed, or in one."""

import json
import re
from pathlib import Path
from typing import Any

from neoxja_np.writing import write_files

PLACES = (Path(__file__).parents[1] / "notebooks",   # wheel
          Path(__file__).parents[2] / "notebooks")   # checkout
SECOND = "<details><summary>日本語</summary>"
END = "</details>"
HEADING = re.compile(r"\*\*(.+?)\*\*(?=\n|$)")


def notebooks() -> list[Path]:
    """The notebooks of this package, in their order. Raises FileNotFoundError."""
    for place in PLACES:
        if found := sorted(place.glob("*.ipynb")):
            return found
    raise FileNotFoundError("this installation has no notebooks; they are in the wheel and in the "
                            "repository")


def in_voice(text: str, lang: str) -> str:
    """A text cell in "en" or "ja": what stands before the folded Japanese, or what stands in it.

    The Japanese heading, in bold where it is folded, gets the level of the English one.
    """
    english, mark, japanese = text.partition(SECOND)
    if lang == "en" or not mark:
        return english.rstrip()
    japanese = japanese.strip().removesuffix(END).strip()
    level = re.match(r"#+ ", english)
    return HEADING.sub(rf"{level[0]}\1", japanese, count=1) if level else japanese


def one_voice(notebook: dict[str, Any], lang: str) -> dict[str, Any]:
    """A notebook whose text is in one language; its code and what it printed stay."""
    cells = [cell if cell["cell_type"] != "markdown" else
             {**cell, "source": in_voice("".join(cell["source"]), lang).splitlines(keepends=True)}
             for cell in notebook["cells"]]
    return {**notebook, "cells": cells}


def write_course(folder: Path, *, lang: str | None = None) -> list[Path]:
    """Copies every notebook into a folder, all or none; "en" or "ja" for one language.

    Raises FileExistsError where one is there already: it may hold somebody's answers.
    """
    targets = {path.name: folder / path.name for path in notebooks()}
    if there := [str(path) for path in targets.values() if path.exists()]:
        raise FileExistsError(f"{there[0]} exists, and may hold answers: give another folder")

    def writer(source: Path) -> Any:
        text = source.read_text(encoding="utf-8")
        if lang:
            text = json.dumps(one_voice(json.loads(text), lang), ensure_ascii=False, indent=1) + "\n"
        return lambda path: path.write_text(text, encoding="utf-8")

    write_files(folder, {path.name: writer(path) for path in notebooks()})
    return [*targets.values()]
