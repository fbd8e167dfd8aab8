"""Executes notebooks/ from fresh kernels and writes their outputs into them.

    python -m tools.notebooks [STEM ...]            # `make notebooks`

Nothing of the machine is kept: no execution times, no kernel's version.
"""

import sys
from pathlib import Path

import matplotlib.font_manager  # noqa: F401 - it makes its cache here, and says so here, not in a notebook
import nbformat
from nbclient import NotebookClient
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"}}


def execute(path: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs of a run from a fresh kernel."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=60, record_timing=False, kernel_name="python3",
                   resources={"metadata": {"path": str(ROOT)}}).execute()
    notebook.metadata = nbformat.from_dict(METADATA)
    return notebook


def main() -> None:
    paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
    chosen = [path for path in paths if not sys.argv[1:] or path.stem in sys.argv[1:]]
    for path in tqdm(chosen, desc="executing", unit="notebook"):
        nbformat.write(execute(path), path)


if __name__ == "__main__":
    main()
