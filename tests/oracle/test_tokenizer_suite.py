"""The suite for other tokenizers, on this package's own and on wrong ones."""

import json
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from neoxja_np.cli import main
from neoxja_np.oracle import codes
from neoxja_np.oracle import program as program_module
from neoxja_np.oracle.mistakes import MISTAKES, inject
from neoxja_np.oracle.program import PortError, ProtocolError, Skipped
from neoxja_np.oracle.tokenizer_suite import conform
from neoxja_np.oracle.tokenizer_suite.naming import tokenizer_mistakes
from neoxja_np.oracle.tokenizer_suite.ports import ObjectPort, ProgramPort, load_object
from neoxja_np.oracle.tokenizer_suite.properties import PROPERTIES
from neoxja_np.oracle.tokenizer_suite.vectors import (
    HERE,
    SMALL,
    cases,
    classes,
    load_tokenizer,
    load_vectors,
    read_vectors,
    vectors_file,
)
from tests.conftest import ROOT, SHARED, needs_shared

from tools import tokenizer_vectors

PROFILES = ("hf", "original")
VECTORS = load_vectors(SMALL, "hf")
PAIRS = [(profile, name) for profile in PROFILES for name in tokenizer_mistakes(profile)]
OWN = f"{sys.executable} -m tools.mistaken_port"
SCHEMA = json.loads((HERE / "vectors.schema.json").read_text(encoding="utf-8"))


class Broken:
    """Our tokenizer, with one thing that no known mistake explains."""

    def __init__(self, vocab_file: str, emoji_file: str, profile: str = "hf") -> None:
        self.right = load_tokenizer(Path(vocab_file).parent, profile)

    def encode(self, text: str) -> list[int]:
        return self.right.encode(text.replace("か", "が"))

    def decode(self, ids: list[int]) -> str:
        return self.right.decode(ids)


class OftenRight(Broken):
    """A known mistake, but in some texts only."""

    def encode(self, text: str) -> list[int]:
        return self.right.encode(unicodedata.normalize("NFKC", text) if "ﬁ" in text else text)


class Undecoded(Broken):
    def encode(self, text: str) -> list[int]:
        return self.right.encode(text)

    def decode(self, ids: list[int]) -> str:
        raise NotImplementedError("no decoder")


class Crashing(Broken):
    def encode(self, text: str) -> list[int]:
        if "\0" in text:
            raise KeyError("a null")
        return self.right.encode(text)


def port_of(kind: type[Broken], profile: str = "hf") -> ObjectPort:
    return ObjectPort(kind(str(SMALL / "vocab.txt"), str(SMALL / "emoji.json"), profile))


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


# ---- vectors ----

@pytest.mark.parametrize("path", [SMALL / "vectors.jsonl", HERE / "large.jsonl"])
def test_each_line_is_a_record_of_the_schema(path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    records = [json.loads(line) for line in lines]
    for record in records[::37]:
        validator.validate(record)
    assert len({record["id"] for record in records}) == len(records)
    known = {f"{profile} {name}" for profile, name in PAIRS}
    assert {flag for record in records for flag in record["flags"]} == known
    ids_only = path.name == "large.jsonl"
    assert all(("text" in record) != ids_only and ("decoded" in record["hf"]) != ids_only for record in records)


def test_the_small_vectors_are_what_the_generator_writes() -> None:
    records = tokenizer_vectors.records(SMALL, ids_only=False)
    assert tokenizer_vectors.to_lines(records) == (SMALL / "vectors.jsonl").read_text(encoding="utf-8")


@needs_shared
def test_the_large_vectors_are_of_the_32k_vocabulary() -> None:
    folder = SHARED / "vocab32k"
    asked, written = list(cases(load_tokenizer(folder, "original"))), read_vectors(HERE / "large.jsonl")
    assert [case.id for case in asked] == list(written)
    for profile in PROFILES:
        tokenizer = load_tokenizer(folder, profile)
        assert vectors_file(tokenizer) == HERE / "large.jsonl"
        for case in asked:
            assert case.answered(tokenizer).ids == written[case.id][profile]["ids"]


def test_every_class_stands_alone_repeated_at_the_ends_and_beside_each_other() -> None:
    tokenizer, vectors = load_tokenizer(SMALL, "original"), load_vectors(SMALL, "original")
    texts = {vector.text for vector in vectors if vector.text is not None}
    samples = classes(tokenizer)
    assert {"byte", "tag", "emoji tag", "special token", "the comma row", "variant", "surface of a later row",
            "1 hiragana", "range edge", "beyond the BMP", "white space"} <= samples.keys()
    for first, *_ in samples.values():
        assert {first, first * 3, f"{first}猫が鳴く{first}"} <= texts
    middle = {name: members[len(members) // 2] for name, members in samples.items()}
    for one, other in combinations(samples, 2):
        assert middle[one] + middle[other] + middle[one] in texts
    assert all(f"{key}{key}" in "".join(texts) for key in tokenizer.vocabulary.emoji)


def test_another_vocabulary_is_answered_by_the_package(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("あ\n<|startoftext|>\n<|endoftext|>\n", "utf-8")
    (tmp_path / "emoji.json").write_text('{"emoji": {}, "emoji_inv": {}}', "utf-8")
    vectors = load_vectors(tmp_path, "hf")
    assert {vector.text: vector.ids for vector in vectors}["か\u3099が"] == [2] * 9


def test_vectors_of_another_version_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neoxja_np.oracle.tokenizer_suite.vectors.WRITTEN", ("new",))
    with pytest.raises(ValueError, match=r"not of this version: run python -m tools.tokenizer_vectors"):
        load_vectors(SMALL, "hf")


# ---- what is found, and its name ----

@pytest.mark.parametrize("profile", PROFILES)
def test_our_own_tokenizer_is_clean(profile: str) -> None:
    report = conform.run(ObjectPort(load_tokenizer(SMALL, profile)), SMALL, profile, examples=100)
    assert (report.failures, report.skipped, str(report.verdict), report.code()) == ([], {}, "CLEAN", 0)
    assert set(report.passed) >= {name for name, each in PROPERTIES.items() if profile in each.profiles}


@pytest.mark.parametrize(("profile", "name"), PAIRS)
def test_each_mistake_is_named(profile: str, name: str) -> None:
    port = ProgramPort(f"{OWN} {name}", SMALL, profile)
    report = conform.run(port, SMALL, profile, examples=1)
    port.close()
    assert report.verdict
    assert (report.verdict.kind, report.verdict.names) == ("NAMED", [name])
    assert MISTAKES[name].summary in str(report.verdict)


@pytest.mark.parametrize("kind", [Broken, OftenRight])
def test_a_mistake_without_a_name_is_not_given_one(kind: type[Broken]) -> None:
    report = conform.run(port_of(kind), SMALL, "hf", examples=1)
    assert report.verdict
    assert report.verdict.kind == "UNKNOWN"
    assert report.verdict.explained < 1


def test_the_table_of_mistakes_is_true() -> None:
    written = (ROOT / "docs" / "tokenizer-mistakes.md").read_text(encoding="utf-8")
    examples = json.loads(tokenizer_vectors.EXAMPLES.read_text(encoding="utf-8"))
    records = tokenizer_vectors.records(SMALL, ids_only=False)
    assert tokenizer_vectors.table(records, examples) == written
    rows = [line.split(" | ") for line in written.splitlines() if line.startswith("| ")][1:]
    assert [(profile, name.removeprefix("| ")) for name, profile, _, _ in rows] == PAIRS
    assert all(int(killed) > 0 and failing.removesuffix(" |").strip() for _, _, killed, failing in rows)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_examples_of_the_table_hold_without_the_mistakes(profile: str) -> None:
    examples = json.loads(tokenizer_vectors.EXAMPLES.read_text(encoding="utf-8"))[profile]
    for name, each in examples.items():
        assert tokenizer_vectors.still_fail("none", profile, each) == [], name


def test_a_failure_is_made_small_written_and_replayed(tmp_path: Path) -> None:
    report = conform.run(port_of(Broken), SMALL, "hf", examples=200)
    found = {failure.name: failure for failure in report.failures}
    small = found["equal_to_the_plain_reading"]
    assert "か" in small.drawn
    assert len(small.drawn) <= 2
    assert f"fails on {small.drawn!r}" in small.message
    reference, path = load_tokenizer(SMALL, "hf"), tmp_path / "failures.json"
    conform.write_failures(report, path, reference)
    again = conform.replay(path, port_of(Broken), SMALL, "hf")
    assert {failure.name for failure in again.failures} == set(found)
    assert not again.passed
    mended = conform.replay(path, ObjectPort(reference), SMALL, "hf")
    assert (mended.failures, set(mended.passed)) == ([], set(found))
    with pytest.raises(ValueError, match=r"written with another profile \(hf\) than this run has \(original\)"):
        conform.replay(path, port_of(Broken), SMALL, "original")


def test_every_property_can_be_replayed(tmp_path: Path) -> None:
    """What each draws survives JSON."""
    class Nonsense:
        def encode(self, text: str) -> list[int]:
            return [-len(text) * (1 + text.count("\r") + text.count("\u3000") + text.count("—")), *range(300)]

        def decode(self, ids: list[int]) -> str:
            return "x"

    report = conform.run(ObjectPort(Nonsense()), SMALL, "original", examples=50)
    conform.write_failures(report, tmp_path / "f.json", load_tokenizer(SMALL, "original"))
    again = conform.replay(tmp_path / "f.json", ObjectPort(Nonsense()), SMALL, "original")
    assert {failure.name for failure in again.failures} == {failure.name for failure in report.failures}
    assert len(PROPERTIES.keys() & {failure.name for failure in again.failures}) >= len(PROPERTIES) - 2


def test_what_a_port_does_not_do_is_skipped_with_its_reason() -> None:
    report = conform.run(port_of(Undecoded), SMALL, "hf", examples=20)
    assert not report.failures
    assert report.skipped["decodes_as_the_reference"] == "no decoder"
    assert report.code() == codes.INCOMPLETE


def test_a_port_that_only_encodes_is_held_to_its_ids() -> None:
    class Encoder:
        def __init__(self) -> None:
            with inject("longest_match"):
                reference = load_tokenizer(SMALL, "hf")
                self.known = {text: reference.encode(text) for text in (v.text for v in VECTORS) if text is not None}

        def encode(self, text: str) -> list[int]:
            return self.known.get(text, [])

        def decode(self, ids: list[int]) -> str:
            raise NotImplementedError("no decoder yet")

    report = conform.run(ObjectPort(Encoder()), SMALL, "hf", examples=1)
    assert report.verdict
    assert (report.verdict.kind, report.verdict.names) == ("NAMED", ["longest_match"])
    assert {failure.name for failure in report.failures} & {vector.id for vector in VECTORS}
    assert len(report.skipped) > 1000
    assert report.code() == codes.MISMATCH


def test_a_port_that_only_decodes_is_held_to_its_texts() -> None:
    class Decoder:
        def __init__(self) -> None:
            self.right = load_tokenizer(SMALL, "hf")

        def encode(self, text: str) -> list[int]:
            raise NotImplementedError("no encoder yet")

        def decode(self, ids: list[int]) -> str:
            return self.right.decode_bytes(ids).decode("utf-8", "replace").strip()

    report = conform.run(ObjectPort(Decoder()), SMALL, "hf", examples=1)
    assert report.verdict
    assert (report.verdict.kind, report.verdict.names) == ("NAMED", ["bytes_joined"])


def test_the_example_that_ended_a_port_is_kept() -> None:
    """Nothing is drawn in its place once the port does not answer any more."""
    class Ending:
        streams, texts = False, []

        def encode(self, text: str) -> list[int]:
            self.texts.append(text)
            if self.texts[:-1] and any(map(len, self.texts)):
                raise ProtocolError("it ended")
            return []

    port, report = Ending(), conform.Report()
    with pytest.raises(ProtocolError):
        conform.check_property(PROPERTIES["deterministic"], port, load_tokenizer(SMALL, "hf"), 50, report)
    first = port.texts[-1]
    assert report.failures[0].drawn == first
    assert len(port.texts) <= 4  # two a draw, and none behind the one that ended it


def test_an_error_in_decoding_is_no_error_in_encoding() -> None:
    class Undecodable:
        def __init__(self) -> None:
            self.encode = load_tokenizer(SMALL, "hf").encode

        def decode(self, ids: list[int]) -> str:
            raise KeyError("boom")

    report = conform.run(ObjectPort(Undecodable()), SMALL, "hf", examples=1)
    messages = [failure.message for failure in report.failures if failure.name == "written-0"]
    assert "got the error" in messages[0]
    assert "boom" in messages[0]
    assert "encode:" not in messages[0]
    assert str(report.verdict) == "UNKNOWN: no known mistake gives any of these answers"


def test_a_stream_that_holds_back_is_found() -> None:
    class Late:
        def __init__(self) -> None:
            right = load_tokenizer(SMALL, "hf")
            self.encode, self.decode, self.right, self.ids = right.encode, right.decode, right, []

        def stream_decoder(self) -> "Late":
            self.ids = []
            return self

        def push(self, token_id: int) -> str:
            self.ids.append(token_id)
            return ""

        def flush(self) -> str:
            return self.right.decode_bytes(self.ids).decode("utf-8", "replace")

    report = conform.run(ObjectPort(Late()), SMALL, "hf", examples=100)
    assert [failure.name for failure in report.failures] == ["streams_as_it_decodes"]


@pytest.mark.parametrize("wrong", [
    lambda right: lambda text: right(text)[:64],
    lambda right: lambda text: right(text)[:-1 if len(text) > 99 else None],
    lambda right: lambda text: right(text.replace("\u2028", "\n"))])
def test_what_goes_wrong_with_long_texts_alone(wrong: Callable[..., Any]) -> None:
    port = ObjectPort(load_tokenizer(SMALL, "hf"))
    port.encode = wrong(port.encode)  # type: ignore[method-assign]
    report = conform.run(port, SMALL, "hf", examples=20)
    assert {failure.name for failure in report.failures} & {vector.id for vector in VECTORS}


def test_ids_lost_in_decoding_many() -> None:
    port = ObjectPort(load_tokenizer(SMALL, "hf"))
    right = port.decode
    port.decode = lambda ids: right(ids[:50])  # type: ignore[method-assign]
    assert conform.run(port, SMALL, "hf", examples=1).failures


@pytest.mark.parametrize("emoji", [{}, {"x": ""}, {"<BR>": "<SP>"}, {"か": "<BR>"}])
@pytest.mark.parametrize("rows", [
    "<|startoftext|>\n<|endoftext|>\n", "い,か\nか゛\n<|endoftext|>\n<|startoftext|>\n,\n\n",
    "あ\nあ\n<|byte1|>\n<SP>,<BR>\n<|endoftext|>\n<|startoftext|>\n,"])
@pytest.mark.parametrize("profile", PROFILES)
def test_the_reference_passes_on_odd_vocabularies(
        rows: str, emoji: dict[str, str], profile: str, tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text(rows, "utf-8", newline="")
    (tmp_path / "emoji.json").write_text(json.dumps({"emoji": emoji, "emoji_inv": {}}), "utf-8")
    reference, report = load_tokenizer(tmp_path, profile), conform.Report()
    for each in PROPERTIES.values():
        conform.check_property(each, ObjectPort(load_tokenizer(tmp_path, profile)), reference, 30, report)
    assert report.failures == []


@pytest.mark.parametrize("answer", [[1.5], ["1"], 7, None])
def test_an_objects_ids_must_be_whole_numbers(answer: Any) -> None:
    port = ObjectPort(type("Odd", (), {"encode": lambda self, text: answer, "decode": lambda self, ids: b"bytes"})())
    with pytest.raises(PortError, match="TypeError"):
        port.encode("猫")
    with pytest.raises(PortError, match="expected a str, got b'bytes'"):
        port.decode([1])


def test_a_port_that_exits_has_failed() -> None:
    port = ObjectPort(type("Exiting", (), {"encode": lambda self, text: sys.exit(0)})())
    with pytest.raises(PortError, match="SystemExit"):
        port.encode("猫")


def test_nothing_is_clean_while_a_property_fails() -> None:
    class RightOnVectors:
        def __init__(self) -> None:
            self.reference, self.known = load_tokenizer(SMALL, "hf"), {vector.text for vector in VECTORS}
            self.decode = self.reference.decode

        def encode(self, text: str) -> list[int]:
            return self.reference.encode(text) if text in self.known else [0]

    report = conform.run(ObjectPort(RightOnVectors()), SMALL, "hf", examples=50)
    assert report.failures
    assert not {failure.name for failure in report.failures} & {vector.id for vector in VECTORS}
    assert str(report.verdict).startswith("UNKNOWN: no known mistake")


def test_a_port_that_raises_fails() -> None:
    report = conform.run(port_of(Crashing), SMALL, "hf", examples=50)
    assert any("KeyError" in failure.message for failure in report.failures)
    assert report.code() == codes.MISMATCH


def test_expected_failures_may_not_go_stale() -> None:
    report = conform.Report(failures=[conform.Failure("a", "", ""), conform.Failure("b", "", "")])
    assert [report.code(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [1, 1, 0, 4]


# ---- the protocol ----

PROGRAM = """
import base64, json, sys
sys.path.insert(0, {root!r})
for line in sys.stdin:
    asked = json.loads(line)
    {body}
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


@pytest.mark.parametrize(("body", "message"), [
    ("print('hello', flush=True)", "start: expected a JSON object on a line, got b'hello"),
    ("print('[]', flush=True)", "start: expected a JSON object on a line, got b'\\[\\]"),
    ("print('{\"op\": \"start\"}', flush=True)", "start: expected {\"ok\": true}, got {'op': 'start'}"),
    ("print('{\"errored\": \"no memory\"}', flush=True)", "the program failed at start: no memory"),
    ("sys.exit(7)", "the program ended before it answered start; exit code 7"),
])
def test_an_answer_that_is_none(body: str, message: str, program: Callable[[str], str]) -> None:
    with pytest.raises(ProtocolError, match=message):
        ProgramPort(program(body), SMALL, "hf").encode("猫")


ANSWER = "print('{{\"ok\": true}}' if asked['op'] != '{op}' else '{answer}', flush=True)"


@pytest.mark.parametrize("answer", ['{"ids": "1"}', '{"ids": [1.5]}', '{"ids": [true]}', '{"tokens": []}'])
def test_ids_must_be_whole_numbers(answer: str, program: Callable[[str], str]) -> None:
    port = ProgramPort(program(ANSWER.format(op="tok.encode", answer=answer)), SMALL, "hf")
    with pytest.raises(ProtocolError, match=r'expected \{"ids": \[whole numbers\]\}'):
        port.encode("猫")
    port.close()


@pytest.mark.parametrize("answer", ['{"text": "?"}', '{"text": "gA=="}', '{"text": 3}', '{"ids": []}'])
def test_text_must_be_base64_of_utf8(answer: str, program: Callable[[str], str]) -> None:
    port = ProgramPort(program(ANSWER.format(op="tok.decode", answer=answer)), SMALL, "hf")
    with pytest.raises(ProtocolError, match="base64 of UTF-8"):
        port.decode([1])
    port.close()


def test_skipped_and_errored(program: Callable[[str], str]) -> None:
    port = ProgramPort(program("""print({"start": '{"ok": true}', "tok.encode": '{"skipped": "why"}', "stop": '{}',
        "tok.decode": '{"errored": "what"}'}[asked["op"]], flush=True)"""), SMALL, "hf")
    with pytest.raises(Skipped, match="why"):
        port.encode("猫")
    with pytest.raises(PortError, match="what"):
        port.decode([1])
    port.close()


def test_what_is_not_answered_is_the_last_failure(
        program: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    """A program that ends on a text: the report so far, the text, and exit code 3."""
    monkeypatch.chdir(tmp_path)
    body = f"""
    sys.path.insert(0, {str(ROOT)!r})
    from neoxja_np.oracle.tokenizer_suite.vectors import SMALL, load_tokenizer
    tokenizer = load_tokenizer(SMALL, "hf")
    if asked["op"] == "tok.encode" and "慶" in base64.b64decode(asked["text"]).decode():
        sys.exit(7)
    text = base64.b64encode(tokenizer.decode(asked.get("ids", [])).encode()).decode()
    ids = tokenizer.encode(base64.b64decode(asked.get("text", "")).decode())
    print(json.dumps({{"ok": True, "ids": ids, "text": text}}), flush=True)
    """.strip()
    assert main(["conform", "tokenizer", "--cmd", program(body)]) == 3
    said = capsys.readouterr().out
    assert "0 passed, 1 failed" in said
    assert "FAIL written-0: written by hand: the program ended before it answered tok.encode; exit code 7" in said
    assert "BROKEN the program ended" in said
    failures = json.loads(Path("neoxja-failures.json").read_text("utf-8"))["failures"]
    assert "慶" in failures[-1]["drawn"]


def test_a_late_answer_is_not_taken_for_the_next(
        program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_module, "TIMEOUT", 1.0)
    port = ProgramPort(program("""import time
    if asked["op"] == "tok.encode": time.sleep(3)
    print('{"ok": true, "ids": [3]}', flush=True)"""), SMALL, "hf")
    with pytest.raises(ProtocolError, match=r"tok.encode: no answer within"):
        port.encode("猫")
    with pytest.raises(ProtocolError, match=r"tok.encode: no answer within"):
        port.encode("犬")
    port.close()


@pytest.mark.parametrize("content", ['{}', '[]', '{"failures": [{"name": "no such property", "drawn": ""}]}',
                                     '{"failures": [{"name": "classes_of_white_space", "drawn": "x"}]}'])
def test_a_file_to_replay_that_is_none(content: str, tmp_path: Path) -> None:
    path, reference = tmp_path / "failures.json", load_tokenizer(SMALL, "hf")
    conform.write_failures(conform.Report(), path, reference)
    record = {**json.loads(path.read_text("utf-8")), **dict(json.loads(content))}
    if content == "{}":
        del record["failures"]
    path.write_text(json.dumps(record), "utf-8")
    if content == "[]":
        path.write_text("[]", "utf-8")
    with pytest.raises(ValueError, match=r"is not what this version writes|must hold one JSON object"):
        conform.replay(path, ObjectPort(reference), SMALL, "hf")


def test_no_answer_in_time(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_module, "TIMEOUT", 0.3)
    with pytest.raises(ProtocolError, match="start: no answer within"):
        ProgramPort(program("pass"), SMALL, "hf")


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(ProtocolError, match=r"'\./no-such-thing' could not be started"):
        ProgramPort("./no-such-thing", SMALL, "hf")


def test_objects_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine_by_name.py").write_text(
        "import neoxja_np\nclass Plain(neoxja_np.GPTNeoXJapaneseTokenizer): pass\n"
        "def make(vocab_file, emoji_file): return Plain(vocab_file, emoji_file)\n"
        "tokenizer = Plain.from_pretrained('random-ja')\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("Plain", "make", "tokenizer"):
        assert load_object(f"mine_by_name:{name}", SMALL, "hf").encode("猫")
    original = load_object("mine_by_name:Plain", SMALL, "original")
    assert original.decode(original.encode("한")) == "한"
    for name in ("mine_by_name", "mine_by_name:Other", "no_such_module:X", ":X"):
        with pytest.raises(ValueError, match=r"cannot be had: .*expected module:object, such as mine:Tokenizer"):
            load_object(name, SMALL, "hf")


# ---- the command and pytest ----

def test_the_command_passes_our_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", "tokenizer", "--cmd", f"{OWN} none", "--examples", "5", "--profile", "original"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].endswith(" passed, 0 failed, 0 skipped")
    assert out[-1] == "CLEAN"
    assert not Path("neoxja-failures.json").exists()


def test_the_command_names_a_mistake_and_replays(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["conform", "tokenizer", "--cmd", f"{OWN} crlf_twice", "--examples", "50"]
    assert main(command) == 1
    captured = capsys.readouterr()
    assert "FAIL space-d-a: white space and dashes at the ends: '\\r\\na\\r\\n\\r\\nb\\r\\n'\n" in captured.out
    assert "NAMED crlf_twice: 100% of 3 wrong answers explained" in captured.out
    assert "neoxja-failures.json tries them again" in captured.err
    assert main([*command, "--replay", "neoxja-failures.json"]) == 1
    assert capsys.readouterr().out.startswith("0 passed, ")
    assert main(["conform", "tokenizer", "--cmd", f"{OWN} none", "--replay", "neoxja-failures.json"]) == 0
    capsys.readouterr()
    failing = [failure["name"] for failure in json.loads(Path("neoxja-failures.json").read_text("utf-8"))["failures"]]
    Path("known.txt").write_text("# known\n" + "\n".join(failing) + "  # why\n", "utf-8")
    assert main([*command, "--expect-failures", "known.txt"]) == 0
    with Path("known.txt").open("a", encoding="utf-8") as names:
        names.write("total\n")
    assert main([*command, "--expect-failures", "known.txt"]) == 4
    assert "STALE total: expected to fail, and does not" in capsys.readouterr().out


def test_the_command_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", "tokenizer", "--python", "tests.oracle.test_tokenizer_suite:Undecoded", "--examples", "2",
                 "--json"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert set(report["skipped"].values()) == {"no decoder"}
    assert report["verdict"]["kind"] == "CLEAN"


@pytest.mark.parametrize(("arguments", "code", "message"), [
    (["--cmd", "no-such-thing"], 3, "neoxja: 'no-such-thing' could not be started"),
    (["--cmd", f"{sys.executable} -c pass"], 3, "neoxja: the program ended before it answered start; exit code 0"),
    (["--python", "mine"], 2, "neoxja: 'mine' cannot be had"),
    (["--python", "json:loads", "--expect-failures", "none.txt"], 2, "neoxja: there is no file 'none.txt'"),
    (["--cmd", f"{OWN} none", "--vocabulary", "nowhere"], 2, "neoxja: there is no model folder 'nowhere'"),
    (["--cmd", f"{OWN} none", "--replay", "nowhere.json"], 2, "there is no file 'nowhere.json' to replay"),
])
def test_the_command_says_what_is_wrong(arguments: list[str], code: int, message: str,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", "tokenizer", *arguments]) == code
    assert message in capsys.readouterr().err


def test_the_extra_is_named_where_it_is_missing(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in [name for name in sys.modules if name.startswith("neoxja_np.oracle.tokenizer_suite")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    assert main(["conform", "tokenizer", "--cmd", "x"]) == 2
    assert "pip install 'neoxja-np[suite]'" in capsys.readouterr().err


def run_pytest(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "--pyargs"]
    return subprocess.run([*command, "neoxja_np.oracle.tokenizer_suite"], capture_output=True, text=True, check=False,
                          env={**os.environ, **environment})


def test_under_pytest() -> None:
    passed = run_pytest(NEOXJA_TOKENIZER="neoxja_np:GPTNeoXJapaneseTokenizer", NEOXJA_PROFILE="original")
    assert passed.returncode == 0, passed.stdout
    failed = run_pytest(NEOXJA_TOKENIZER_CMD=f"{OWN} crlf_twice", NEOXJA_FAILURES="mine.json")
    assert failed.returncode == 1
    assert "NAMED crlf_twice: 100% of 3 wrong answers explained" in failed.stdout
    assert "fails on" in failed.stdout
    assert json.loads(Path("mine.json").read_text("utf-8"))["profile"] == "hf"
    assert "no tokenizer to test: set NEOXJA_TOKENIZER or NEOXJA_TOKENIZER_CMD" in run_pytest().stdout


def test_a_mistake_stays_inside_its_with() -> None:
    before = load_tokenizer(SMALL, "hf").encode("である")
    with inject("longest_match"):
        assert load_tokenizer(SMALL, "hf").encode("である") != before
    assert load_tokenizer(SMALL, "hf").encode("である") == before
