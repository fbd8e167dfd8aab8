"""Parity with Hugging Face's own code. Needs torch and transformers (`make parity`)."""

import logging
import os

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
torch = pytest.importorskip("torch", reason="parity needs torch and transformers: make parity")
transformers = pytest.importorskip("transformers", reason="parity needs torch and transformers: make parity")
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
logging.getLogger("transformers").setLevel(logging.ERROR)

FIGURES: dict[str, float] = {}


def note(figure: str, value: float) -> None:
    """Keeps the largest value of a figure; all are printed at the end."""
    FIGURES[figure] = max(value, FIGURES.get(figure, 0.0))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section(f"measured against transformers {transformers.__version__}, torch {torch.__version__}")
    for figure, value in sorted(FIGURES.items()):
        terminalreporter.write_line(f"{value:12.5g}  {figure}")
