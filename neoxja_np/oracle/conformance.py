"""Drives a port through every fixture by JSON lines; the protocol is in docs/port.md."""

import base64
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from neoxja_np.arrays import Array
from neoxja_np.oracle import codes
from neoxja_np.oracle.aliases import in_our_names
from neoxja_np.oracle.cases import Activations, Case
from neoxja_np.oracle.comparison import Comparison, compare
from neoxja_np.oracle.diagnosis import Verdict, diagnose
from neoxja_np.oracle.evidence import Evidence, gather
from neoxja_np.oracle.fixture import Fixture, fixture_names, load_fixture
from neoxja_np.oracle.mistakes import MISTAKES
from neoxja_np.oracle.precision import DTYPES
from neoxja_np.oracle.program import PortError, Program, ProtocolError, Skipped
from neoxja_np.oracle.traces import Trace
from neoxja_np.tap import tap_names

NUMBERS = {"float64": "<f8", "float32": "<f4", "float16": "<f2"}


@dataclass
class Report:
    """What was found of a port."""

    comparisons: list[Comparison] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)   # fixture or fixture/case, and why
    errors: dict[str, str] = field(default_factory=dict)    # the same, and what failed
    verdict: Verdict | None = None
    broken: str = ""            # how the port left the protocol, where it did

    @property
    def failed(self) -> set[str]:
        """The cases that do not pass."""
        return {each.label for each in self.comparisons if each.first_bad} | set(self.errors)

    @property
    def incomplete(self) -> bool:
        """Whether something was not run, or not given."""
        return bool(self.skipped) or not self.comparisons or any(
            each.code() == codes.INCOMPLETE for each in self.comparisons)

    def code(self, expected: Collection[str] = ()) -> int:
        """The exit code: an expected failure is no mismatch, unless it does not occur."""
        known = set(expected)
        accused = self.verdict is not None and self.verdict.accuses and not known
        return codes.code(broken=bool(self.broken), stale=bool(known - self.failed),
                          mismatch=bool(self.failed - known) or accused,
                          incomplete=self.incomplete)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        verdict = self.verdict and {**vars(self.verdict), "text": str(self.verdict)}
        return {"comparisons": [each.to_dict() for each in self.comparisons],
                "skipped": self.skipped, "errors": self.errors, "verdict": verdict,
                "broken": self.broken, "failed": sorted(self.failed)}


def conform(command: str, names: Sequence[str] = (), *, progress: bool = False) -> Report:
    """Runs a program on fixtures, all if none is named, and says what is wrong with it.

    Raises ProtocolError where it cannot be started at all.
    """
    report, evidence = Report(), []
    chosen = list(names) or fixture_names()
    with tempfile.TemporaryDirectory() as place, tqdm(
            chosen, "fixtures", disable=None if progress else True) as bar:
        program = Program(command)
        try:
            for name in bar:
                evidence += run_fixture(load_fixture(name), program, Path(place), report)
        except ProtocolError as error:
            report.broken = str(error)
        finally:
            program.close()
    if any(each.given for each in evidence):
        report.verdict = diagnose(evidence)
    harmless = report.verdict.names if report.verdict and report.verdict.clean else []
    for each in evidence:
        report.traces.append(each.trace)
        report.comparisons.append(compare(each.allowing(harmless)))
    return report


def run_fixture(fixture: Fixture, program: Program, place: Path, report: Report) -> list[Evidence]:
    """What the program gives for each case of a fixture. Raises ProtocolError."""
    folder = place / fixture.name
    fixture.model("float32").save_pretrained(folder)
    try:
        answer = program.start({"config_file": str(folder / "config.json"),
                                "weights_file": str(folder / "model.safetensors")})
    except Skipped as reason:
        report.skipped[fixture.name] = str(reason)
        return []
    except PortError as error:
        report.errors[fixture.name] = str(error)
        return []
    dtype = answer.get("dtype", "float32")
    if dtype not in DTYPES:
        raise ProtocolError(f"start: dtype must be one of {', '.join(DTYPES)}, got {dtype!r}")
    deviations = answer.get("deviations") or []
    if not isinstance(deviations, list):
        raise ProtocolError(f"start: deviations must be a list of names, got {deviations!r}")
    if unknown := [name for name in deviations if str(name) not in MISTAKES]:
        raise ProtocolError(f"start: the deviation {unknown[0]!r} is no known mistake; "
                            "`neoxja explain` lists them")
    found = []
    for label, case in fixture.cases.items():
        try:
            taps, missing = ask(program, case, tap_names(fixture.config.num_hidden_layers))
        except Skipped as reason:
            report.skipped[f"{fixture.name}/{label}"] = str(reason)
        except PortError as error:
            report.errors[f"{fixture.name}/{label}"] = str(error)
        else:
            found.append(gather(Trace(case, taps, dtype=dtype, fixture=fixture.name,
                                      case_name=label, missing=missing,
                                      deviations=tuple(deviations))))
    return found


def ask(program: Program, case: Case, taps: Sequence[str]) -> tuple[Activations, dict[str, str]]:
    """The activations that a program gives, and why others are missing. Raises ProtocolError."""
    answer = program.ask({
        "op": "run", "input_ids": case.input_ids.tolist(),
        "attention_mask": case.attention_mask.tolist(), "position_ids": case.positions.tolist(),
        "cuts": list(case.cuts), "taps": list(taps)})
    given, missing = answer.get("taps"), answer.get("missing") or {}
    if not isinstance(given, dict) or not isinstance(missing, dict):
        raise ProtocolError(f'run: expected {{"taps": {{name: tensor}}}}, got {str(answer)[:200]}')
    return (in_our_names({name: decoded(name, tensor) for name, tensor in given.items()}),
            {str(name): str(why) for name, why in missing.items()})


def decoded(name: str, tensor: Any) -> Array:
    """The array in an answer. Raises ProtocolError for what is none."""
    try:
        dtype, shape, data = NUMBERS[tensor["dtype"]], tensor["shape"], tensor["data"]
        numbers = np.frombuffer(base64.b64decode(data, validate=True), dtype)
        if any(type(size) is not int or size < 0 for size in shape):
            raise ValueError(f"shape {shape}")
        return numbers.reshape(shape).astype(dtype[1:])
    except (KeyError, TypeError, ValueError) as error:
        raise ProtocolError(
            f'run: {name}: expected {{"dtype": {" or ".join(NUMBERS)}, "shape": [sizes], "data": '
            f"base64 of little-endian numbers}}, and it cannot be read: {error}") from None
