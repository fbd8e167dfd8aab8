"""Parity with Hugging Face's own code. Needs torch and transformers (`make parity`)."""

import logging
import os
from typing import Any

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
    FIGURES[figure] = max(float(value), FIGURES.get(figure, 0.0))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):  # in a worker: another process prints them
        session.config.workeroutput["figures"] = FIGURES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    for figure, value in getattr(node, "workeroutput", {}).get("figures", {}).items():
        note(figure, value)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section(f"measured against transformers {transformers.__version__}, torch {torch.__version__}")
    for figure, value in sorted(FIGURES.items()):
        shown = f"{value:,.0f}" if value.is_integer() else f"{value:.5g}"
        terminalreporter.write_line(f"{shown:>12}  {figure}")
