"""Hugging Face's own tokenizer and model through the suites, as they are and with a bug planted in the adapter."""

import sys
from pathlib import Path

import pytest
from neoxja_np.oracle import codes
from neoxja_np.oracle.conformance import conform as conform_model
from neoxja_np.oracle.fixture import fixture_names
from neoxja_np.oracle.program import Skipped
from neoxja_np.oracle.tokenizer_suite import conform
from neoxja_np.oracle.tokenizer_suite.ports import ProgramPort
from neoxja_np.oracle.tokenizer_suite.vectors import SMALL
from tests.conftest import ROOT, SHARED, needs_shared

SOURCE = ROOT / "examples" / "ports" / "hugging_face" / "tokenizer.py"
MODEL = SOURCE.with_name("model.py")


def conforms(source: Path, folder: Path = SMALL, examples: int = 1) -> conform.Report:
    port = ProgramPort(f"'{sys.executable}' '{source}'", folder, "hf")
    try:
        return conform.run(port, folder, "hf", examples=examples)
    finally:
        port.close()


def test_it_passes() -> None:
    report = conforms(SOURCE, examples=300)
    assert (report.failures, report.skipped, str(report.verdict)) == ([], {}, "CLEAN")


@needs_shared
def test_it_passes_with_the_32k_vocabulary() -> None:
    report = conforms(SOURCE, SHARED / "vocab32k", examples=100)
    assert (report.failures, report.skipped, str(report.verdict)) == ([], {}, "CLEAN")


BUGS = {  # the mistake, what stands in the adapter's text, what stands there then
    "nfkc_first": ('tokenizer(base64.b64decode(asked["text"]).decode("utf-8"))',
                   'tokenizer(__import__("unicodedata").normalize("NFKC", base64.b64decode(asked["text"]).decode()))'),
    "emoji_order": ('tokenizer, reply = start(asked), {"ok": True}', """tokenizer, reply = start(asked), {"ok": True}
            emoji = tokenizer.subword_tokenizer.emoji
            emoji["emoji"] = dict(sorted(emoji["emoji"].items(), key=lambda item: -len(item[0])))"""),
}


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_named(name: str, tmp_path: Path) -> None:
    text, (right, wrong) = SOURCE.read_text(encoding="utf-8"), BUGS[name]
    assert text.count(right) == 1
    (tmp_path / "tokenizer.py").write_text(text.replace(right, wrong), encoding="utf-8")
    report = conforms(tmp_path / "tokenizer.py")
    assert report.verdict
    assert (report.verdict.kind, report.verdict.names) == ("NAMED", [name]), str(report.verdict)


def test_it_says_that_it_is_not_the_original() -> None:
    with pytest.raises(Skipped, match="profile hf"):
        ProgramPort(f"'{sys.executable}' '{SOURCE}'", SMALL, "original")


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float16"])
def test_the_model_is_clean_on_every_fixture_in_every_precision(dtype: str) -> None:
    report = conform_model(f"'{sys.executable}' '{MODEL}' --dtype {dtype}")
    assert (report.errors, report.skipped, report.broken) == ({}, {}, "")
    assert {trace.dtype for trace in report.traces} == {dtype}
    assert len(report.comparisons) == 3 * len(fixture_names())
    assert {each.coverage["not given"] + each.coverage["refused"] for each in report.comparisons} == {0}
    assert report.code() == codes.PASS, str(report.verdict)
    assert report.verdict is not None
    assert report.verdict.clean
