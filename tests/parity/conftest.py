"""Parity with Hugging Face's own code. Needs torch and transformers (`make parity`)."""

import logging
import os
from collections.abc import Callable, Iterator
from itertools import chain

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
torch = pytest.importorskip("torch", reason="parity needs torch and transformers: make parity")
transformers = pytest.importorskip("transformers", reason="parity needs torch and transformers: make parity")
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
logging.getLogger("transformers").setLevel(logging.ERROR)

FIGURES: dict[str, float] = {}  # of the test that runs


def note(figure: str, value: float) -> None:
    """Keeps the largest value of a figure; all are printed at the end."""
    FIGURES[figure] = max(float(value), FIGURES.get(figure, 0.0))


@pytest.fixture(autouse=True)
def with_its_report(record_property: Callable[[str, object], None]) -> Iterator[None]:
    """A test may run in another process than the one that prints; its report reaches that."""
    FIGURES.clear()
    yield
    for figure, value in FIGURES.items():
        record_property(figure, value)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section(f"measured against transformers {transformers.__version__}, torch {torch.__version__}")
    largest: dict[str, float] = {}
    for report in chain(*terminalreporter.stats.values()):
        for figure, value in getattr(report, "user_properties", ()):
            largest[figure] = max(value, largest.get(figure, 0.0))
    for figure, value in sorted(largest.items()):
        shown = f"{value:,.0f}" if value.is_integer() else f"{value:.5g}"
        terminalreporter.write_line(f"{shown:>12}  {figure}")
