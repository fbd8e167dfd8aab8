"""Ports in other programs through every fixture: right ones, wrong ones, and those that do not keep to the protocol."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from neoxja_np import oracle
from neoxja_np.cli import main
from neoxja_np.oracle import codes
from neoxja_np.oracle import program as program_module
from neoxja_np.oracle.conformance import Report, conform
from neoxja_np.oracle.fixture import fixture_names
from tests.conftest import ROOT

PORTS = ROOT / "examples" / "ports"
OWN = f"{sys.executable} -m tools.mistaken_port"
SMALLEST = ["small_variance"]
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node (the command node)")
needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler (the command cc)")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The port in C, without a warning."""
    out = tmp_path_factory.mktemp("c") / "model"
    sources = sorted(map(str, (PORTS / "c").glob("*.c")))
    flags = ["-O2", "-std=c11", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["cc", *flags, "-o", str(out), *sources, "-lm"], check=True)
    return out


def assert_clean(report: Report) -> None:
    assert (report.errors, report.skipped, report.broken) == ({}, {}, "")
    assert len(report.comparisons) == 3 * len(fixture_names())
    assert {each.coverage["not given"] + each.coverage["refused"] for each in report.comparisons} == {0}
    assert report.code() == codes.PASS, str(report.verdict)
    assert report.verdict is not None
    assert report.verdict.kind == "CLEAN"
    assert not report.verdict.names


@needs_node
def test_the_port_in_javascript_is_clean_on_every_fixture() -> None:
    report = conform(f"node {PORTS / 'javascript' / 'model.mjs'}")
    assert_clean(report)
    assert {trace.dtype for trace in report.traces} == {"float64"}


@needs_cc
def test_the_port_in_c_is_clean_on_every_fixture(compiled: Path) -> None:
    assert_clean(conform(str(compiled)))


@pytest.mark.parametrize("names", [["rope_interleaved"], ["ln_ddof1", "cache_pos_restart"]], ids="+".join)
def test_a_wrong_port_is_named(names: list[str]) -> None:
    report = conform(f"{OWN} {' '.join(names)}", SMALLEST)
    assert report.code() == codes.MISMATCH
    assert report.verdict is not None
    assert set(report.verdict.names) == set(names)
    assert report.failed <= {f"small_variance/{case}" for case in ("plain", "left_padded", "chunked")}


def test_a_port_that_is_right_in_another_way_passes() -> None:
    report = conform(f"{OWN} rope_pos_plus1", SMALLEST)
    assert report.code() == codes.PASS
    assert report.verdict is not None
    assert report.verdict.names == ["rope_pos_plus1"]


def test_what_only_the_verdict_sees_is_a_mismatch_too() -> None:
    clean = conform(OWN, SMALLEST)
    assert clean.code() == codes.PASS
    accused = replace(clean, verdict=replace(clean.verdict, kind="NAMED", names=["ln_ddof1"]))
    assert accused.code() == codes.MISMATCH
    assert accused.code(expected=["small_variance/plain"]) == codes.STALE


PROGRAM = """
import json, sys
sys.path.insert(0, {root!r})
from neoxja_np.oracle.mistakes import planted
from tools.mistaken_port import Port
port, wrong = Port(), planted(["gelu_tanh"])
for line in sys.stdin:
    asked = json.loads(line)
    answer = getattr(port, asked["op"])(asked)
    {body}
    print(json.dumps(answer), flush=True)
    if asked["op"] == "stop":
        break
"""


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], str]:
    def make(body: str) -> str:
        path = tmp_path / "port.py"
        path.write_text(PROGRAM.format(root=str(ROOT), body=body), "utf-8")
        return f"{sys.executable} {path}"
    return make


def test_a_part_is_incomplete_unless_there_is_a_reason(program: Callable[[str], str]) -> None:
    drop = 'answer.get("taps", {}).pop("layers.0.attention.scores", None)'
    report = conform(program(drop), SMALLEST)
    assert report.code() == codes.INCOMPLETE
    assert report.verdict is not None
    assert report.verdict.clean
    told = f'{drop}; answer["missing"] = {{"layers.0.attention.scores": "fused"}}'
    assert conform(program(told), SMALLEST).code() == codes.PASS


def test_what_is_skipped_or_fails_is_said(program: Callable[[str], str]) -> None:
    report = conform(program('answer = {"skipped": "no cache"} if asked.get("cuts") else answer'), SMALLEST)
    assert report.skipped == {"small_variance/chunked": "no cache"}
    assert report.code() == codes.INCOMPLETE
    report = conform(program('answer = {"errored": "no memory"} if asked.get("cuts") else answer'), SMALLEST)
    assert report.errors == {"small_variance/chunked": "no memory"}
    assert report.code() == codes.MISMATCH
    assert report.code(expected=["small_variance/chunked"]) == codes.PASS
    assert report.code(expected=["small_variance/plain"]) == codes.STALE
    report = conform(program('answer = {"errored": "no such file"} if asked["op"] == "start" else answer'), SMALLEST)
    assert report.errors == {"small_variance": "no such file"}
    report = conform(program('answer = {"skipped": "later"} if asked["op"] == "start" else answer'), SMALLEST)
    assert report.skipped == {"small_variance": "later"}


def test_what_a_port_declares_is_taken_into_account(program: Callable[[str], str]) -> None:
    body = 'if asked["op"] == "start": wrong.__enter__(); answer["deviations"] = ["gelu_tanh"]'
    assert conform(program(body), SMALLEST).code() == codes.PASS
    report = conform(program('if asked["op"] == "start": answer["deviations"] = ["mine"]'), SMALLEST)
    assert "the deviation 'mine' is no known mistake" in report.broken


@pytest.mark.parametrize(("body", "message"), [
    ('if asked["op"] == "run": answer = {"ok": True}', "run: expected {\"taps\": {name: tensor}}"),
    ('if asked["op"] == "run": answer["taps"]["logits"] = [1, 2]', "run: logits: expected"),
    ('if asked["op"] == "run": answer["taps"]["logits"]["shape"] = [1]', "run: logits: expected"),
    ('if asked["op"] == "run": answer["taps"]["logits"]["data"] = "%"', "run: logits: expected"),
    ('if asked["op"] == "run": answer["taps"]["logits"]["dtype"] = "int8"', "run: logits: expected"),
    ('if asked["op"] == "run": answer["taps"]["logits"]["shape"] = [-1, 9, 53]', "run: logits: expected"),
    ('if asked["op"] == "run": answer["taps"]["logits"]["shape"] = [float("inf")]', "run: logits: expected"),
    ('if asked["op"] == "start": answer["deviations"] = 5', "start: deviations must be a list of names, got 5"),
    ('if asked["op"] == "run": answer = eval("[" * 90 + "]" * 90)', "run: expected a JSON object on a line"),
    ('if asked["op"] == "start": answer["dtype"] = "int8"', "start: dtype must be one of float64, float32"),
    ('if asked["op"] == "start": answer = {"ok": 1}', "start: expected"),
    ('if asked["op"] == "run": sys.exit(7)', "the program ended before it answered run; exit code 7"),
    ('if asked["op"] == "run": answer = [1]', "run: expected a JSON object on a line"),
])
def test_what_breaks_the_protocol_is_said(body: str, message: str, program: Callable[[str], str]) -> None:
    report = conform(program(body), SMALLEST)
    assert message in report.broken
    assert report.code() == codes.PROTOCOL_BROKEN


def test_a_late_answer_breaks_it_too(program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_module, "TIMEOUT", 4.0)
    report = conform(program('if asked["op"] == "run": __import__("time").sleep(9)'), SMALLEST)
    assert "run: no answer within 4 s" in report.broken


def test_other_names_and_stacked_calls(program: Callable[[str], str]) -> None:
    body = 'if asked["op"] == "run": answer["taps"]["result_output"] = answer["taps"].pop("logits")'
    assert conform(program(body), SMALLEST).code() == codes.PASS


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["conform", "model", "--cmd", f"{OWN} relu", "--fixture", "small_variance"]
    assert main([*command, "--traces", str(tmp_path / "mine")]) == 1
    said = capsys.readouterr().out
    assert "FAIL    layers.0.mlp.act" in said
    assert "NAMED relu" in said
    assert oracle.diagnose(oracle.load_traces(tmp_path / "mine" / "small_variance")).names == ["relu"]
    assert main([*command, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["verdict"]["names"] == ["relu"]
    (tmp_path / "known.txt").write_text("small_variance/plain # relu\nsmall_variance/left_padded\nlong/plain\n")
    assert main([*command, "--expect-failures", str(tmp_path / "known.txt")]) == 1  # chunked is not expected
    with (tmp_path / "known.txt").open("a") as known:
        known.write("small_variance/chunked\n")
    assert main([*command, "--expect-failures", str(tmp_path / "known.txt")]) == 0
    capsys.readouterr()
    right = ["conform", "model", "--cmd", OWN, "--fixture", "small_variance"]
    assert main([*right, "--expect-failures", str(tmp_path / "known.txt")]) == 4
    assert "STALE small_variance/plain" in capsys.readouterr().out
    assert main(["conform", "model", "--cmd", "./none"]) == 3
    assert "could not be started" in capsys.readouterr().err
    assert main([*right, "--fixture", "none"]) == 2
    assert "no fixture is called 'none'" in capsys.readouterr().err
