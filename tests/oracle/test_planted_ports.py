"""Mistakes that somebody planted in the ports who had not seen the oracle's own: none may be named wrongly.

A few of tests/oracle/planted_ports.json, on two fixtures; `python -m tools.planted_ports` tries all on all.
"""

import json
import shutil
from pathlib import Path

import pytest
from neoxja_np.oracle.conformance import conform
from neoxja_np.oracle.mistakes import MISTAKES
from tools.planted_ports import ENTRIES, command, judged, kind_of

ALL = json.loads(ENTRIES.read_text(encoding="utf-8"))
NEEDED = {"javascript": "node", "c": "cc"}


def some(port: str, kind: str, step: int) -> list[dict]:
    """Every so many entries of a port."""
    return [entry for entry in ALL if entry["port"] == port and kind_of(entry) == kind][::step]


CHOSEN = [*some("javascript", "known", 11), *some("c", "known", 9), *some("c", "variation", 23), *some("c", "pair", 6)]


@pytest.mark.parametrize("entry", CHOSEN, ids=lambda entry: f"{entry['port']}-{kind_of(entry)}-{entry['mistake']}")
def test_nobody_is_accused_in_error(entry: dict, tmp_path: Path) -> None:
    if shutil.which(NEEDED[entry["port"]]) is None:
        pytest.skip(f"needs the command {NEEDED[entry['port']]}")
    report = conform(command(entry, ALL, tmp_path, ""), ["odd_half", "sensitised"])
    judgement = judged(entry, report)
    if kind_of(entry) == "known":
        right = ("named rightly", "in a class with the right name", "CLEAN, equivalent")
        assert judgement in right, str(report.verdict)
    assert judgement not in ("NAMED WRONGLY", "NO VERDICT") or kind_of(entry) == "variation"
    families = {MISTAKES[name].family for name in report.verdict.names} if report.verdict else set()
    if entry["mistake"] in MISTAKES and kind_of(entry) != "pair":
        assert families <= {MISTAKES[entry["mistake"]].family}


def test_every_text_to_find_is_there_once() -> None:
    from tools.planted_ports import planted
    for entry in ALL:
        assert planted(entry, ALL)
