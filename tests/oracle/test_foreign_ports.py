"""The tokenizer in JavaScript through the suite, as it is and with bugs planted in its text."""

import shutil
from pathlib import Path

import pytest
from neoxja_np.oracle import codes
from neoxja_np.oracle.tokenizer_suite import conform
from neoxja_np.oracle.tokenizer_suite.ports import ProgramPort
from neoxja_np.oracle.tokenizer_suite.vectors import SMALL
from tests.conftest import ROOT, SHARED, needs_shared

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node (the command node)")
SOURCE = ROOT / "examples" / "ports" / "javascript" / "tokenizer.mjs"
REPLACED = ".replace(new RegExp(`^${STRIPPED}+`), '').replace(new RegExp(`${STRIPPED}+$`), '')"
BUGS = [  # profile, the mistake that it is, and what stands in the text with what stands there then
    ("hf", "utf16_replaced", [("const codePoints = [...text];", 'const codePoints = text.split("");'),
                              ("start += [...winner].length;", "start += winner.length;")]),
    ("hf", "longest_match", [("matching.reduce((best", "matching[0]; ((best")]),
    ("hf", "tag_by_id", [('if (matching[0].startsWith("<")', 'if (matching[0] === ""')]),
    ("hf", "nfkc_first", [("normalize(text) {\n", 'normalize(text) {\n    text = text.normalize("NFKC");\n')]),
    ("hf", "emoji_order", [("Object.entries(emoji.emoji);",
                            "Object.entries(emoji.emoji).sort(([a], [b]) => [...b].length - [...a].length);")]),
    ("hf", "first_duplicate_wins", [("this.ids.set(surface, id)",
                                     "this.ids.has(surface) || this.ids.set(surface, id)")]),
    ("hf", "kigou_range_edge", [("code <= last", "code < last")]),
    ("hf", "crlf_twice", [('["\\r\\n", "<BR>"], ', "")]),
    ("hf", "comma_kept", [("(original || (i === lines.length - 1 && !closed))", "true")]),
    ("hf", "bytes_joined", [('parts.map((part) => fromUtf8.decode(part)).join("")',
                             "fromUtf8.decode(Buffer.concat(parts))")]),
    ("original", "comma_lost", [("(original || (i === lines.length - 1 && !closed))", "false")]),
    ("original", "strip", [("return fromUtf8.decode(Buffer.concat(parts));",
                            f"return fromUtf8.decode(Buffer.concat(parts)){REPLACED};")]),
    ("original", "byte_per_id", [("fromUtf8.decode(Buffer.concat(parts))",
                                  'parts.map((part) => fromUtf8.decode(part)).join("")')]),
]


def conforms(source: Path, profile: str, folder: Path = SMALL, examples: int = 1) -> conform.Report:
    port = ProgramPort(f"node '{source}'", folder, profile)
    try:
        return conform.run(port, folder, profile, examples=examples)
    finally:
        port.close()


@pytest.mark.parametrize("profile", ["hf", "original"])
def test_it_passes(profile: str) -> None:
    report = conforms(SOURCE, profile, examples=300)
    assert (report.failures, report.skipped, str(report.verdict)) == ([], {}, "CLEAN")


@needs_shared
@pytest.mark.parametrize("profile", ["hf", "original"])
def test_it_passes_with_the_32k_vocabulary(profile: str) -> None:
    report = conforms(SOURCE, profile, SHARED / "vocab32k", examples=100)
    assert (report.failures, report.skipped, str(report.verdict)) == ([], {}, "CLEAN")


def with_bug(changes: list[tuple[str, str]], folder: Path) -> Path:
    text = SOURCE.read_text(encoding="utf-8")
    for right, wrong in changes:
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    (folder / SOURCE.name).write_text(text, encoding="utf-8")
    return folder / SOURCE.name


@pytest.mark.parametrize(("profile", "name", "changes"), BUGS, ids=[f"{bug[0]}-{bug[1]}" for bug in BUGS])
def test_a_planted_bug_is_named(profile: str, name: str, changes: list[tuple[str, str]], tmp_path: Path) -> None:
    report = conforms(with_bug(changes, tmp_path), profile)
    assert report.code() == codes.MISMATCH
    assert report.verdict
    assert (report.verdict.kind, report.verdict.names) == ("NAMED", [name]), str(report.verdict)


def test_a_bug_beside_a_known_one_is_not_given_its_name(tmp_path: Path) -> None:
    """trim() is not Python's strip(), so strip is the nearest and not the cause."""
    changes = [("fromUtf8.decode(Buffer.concat(parts));", "fromUtf8.decode(Buffer.concat(parts)).trim();")]
    verdict = conforms(with_bug(changes, tmp_path), "original").verdict
    assert verdict
    assert (verdict.kind, verdict.names) == ("UNKNOWN", ["strip"])
    assert 0.5 < verdict.explained < 1
