"""Executes notebooks/ from fresh kernels, and compares what they print with what is committed.

    python -m tools.notebooks [STEM ...]            # `make notebooks`
    python -m tools.notebooks [STEM ...] --write    # writes the new outputs into them

Pictures are not compared, only their words: fonts and libraries draw them a little differently. Nothing of the machine
is kept: no execution times, no kernel's version.
"""

import argparse
import time
from pathlib import Path

import matplotlib.font_manager  # noqa: F401 - it makes its cache here, and says so here, not in a notebook
import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("text/plain", "text/html")
LIMIT = 600  # seconds for all of them
METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"}}


def execute(path: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs of a run from a fresh kernel."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=60, record_timing=False, kernel_name="python3", coalesce_streams=True,
                   resources={"metadata": {"path": str(ROOT)}}).execute()
    notebook.metadata = nbformat.from_dict(METADATA)
    return notebook


def texts(notebook: nbformat.NotebookNode) -> list[str]:
    """What each code cell prints, stream and result alike, and HTML; of a picture its words."""
    return ["".join(output.get("text", "") + "".join(output.get("data", {}).get(kind, "") for kind in KINDS)
                    for output in cell.outputs)
            for cell in notebook.cells if cell.cell_type == "code"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Execute the notebooks, and compare.")
    parser.add_argument("stems", metavar="STEM", nargs="*", help="default: all")
    parser.add_argument("--write", action="store_true", help="write the new outputs into them")
    options = parser.parse_args()
    different, whole = [], 0.0
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        if options.stems and path.stem not in options.stems:
            continue
        start = time.perf_counter()
        notebook = execute(path)
        seconds = time.perf_counter() - start
        whole += seconds
        same = texts(notebook) == texts(nbformat.read(path, as_version=4))
        if not same:
            different.append(path.stem)
        if options.write:
            nbformat.write(notebook, path)
        print(f"{path.stem:14} {seconds:5.1f} s {path.stat().st_size / 1000:5.0f} kB  "
              f"{'as committed' if same else 'prints something else'}")
    if whole > LIMIT:
        raise SystemExit(f"{whole:.0f} s in all: more than ten minutes")
    if different and not options.write:
        raise SystemExit(f"{', '.join(different)}: look at it with --write and git diff")


if __name__ == "__main__":
    main()
