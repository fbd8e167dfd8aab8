"""Writes the vectors of the tokenizer suite, and the table of mistakes that they and the properties kill.

    python -m tools.tokenizer_vectors

small/vectors.jsonl from the small vocabulary; large.jsonl, with ids alone, from the 32k vocabulary in
NEOXJA_SHARED/vocab32k where that is there; docs/tokenizer-mistakes.md, and what its properties fail on.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neoxja_np.oracle.tokenizer_suite.conform import Report, check_example, check_property
from neoxja_np.oracle.tokenizer_suite.naming import answers_with, tokenizer_mistakes
from neoxja_np.oracle.tokenizer_suite.ports import ProgramPort
from neoxja_np.oracle.tokenizer_suite.properties import PROPERTIES
from neoxja_np.oracle.tokenizer_suite.vectors import HERE, SMALL, cases, load_tokenizer, sha256, vectors_file

ROOT = Path(__file__).resolve().parents[1]
LARGE = Path(os.environ.get("NEOXJA_SHARED", ROOT.parent / "shared")) / "vocab32k"
TABLE = ROOT / "docs" / "tokenizer-mistakes.md"
EXAMPLES = ROOT / "tests" / "golden" / "tokenizer_mistakes.json"
PROFILES = ("hf", "original")
HEAD = """# Which test finds which mistake of a tokenizer

Each known mistake planted, the suite run on it with the small vocabulary: how many of the {count} vectors it gets
wrong, and which properties fail on it, each with the smallest example that was found. Written by
`python -m tools.tokenizer_vectors`; a test counts the vectors and tries the examples again.

| mistake | profile | vectors wrong | properties that fail |
|---|---|---|---|
"""
Examples = dict[str, dict[str, dict[str, Any]]]  # by profile, mistake and property


def records(folder: Path, *, ids_only: bool) -> list[dict[str, Any]]:
    """A record for each case; its flags are the mistakes that it finds."""
    asked = list(cases(load_tokenizer(folder, "original")))
    found: list[dict[str, Any]] = [
        {"id": case.id, "comment": case.comment, "flags": set()} | ({} if ids_only else {"text": case.text})
        for case in asked]
    for profile in PROFILES:
        tokenizer = load_tokenizer(folder, profile)
        vectors = [case.answered(tokenizer) for case in asked]
        for vector, record in zip(vectors, found, strict=True):
            record[profile] = {"ids": vector.ids} | ({} if ids_only else {"decoded": vector.decoded})
        for name in tokenizer_mistakes(profile):
            wrong = answers_with(name, folder, profile, vectors)
            for vector, record in zip(vectors, found, strict=True):
                if wrong[vector.id] != (vector.ids, vector.decoded):
                    record["flags"].add(f"{profile} {name}")
    return [{**record, "flags": sorted(record["flags"])} for record in found]


@contextmanager
def mistaken_port(name: str, profile: str) -> Iterator[ProgramPort]:
    """The port with a mistake, in a process of its own, so that the reference stays right."""
    port = ProgramPort(f"{sys.executable} -m tools.mistaken_port {name}", SMALL, profile)
    yield port
    port.close()


def find_examples(name: str, profile: str) -> dict[str, Any]:
    """The properties that fail on a mistake, and the smallest example of each."""
    report, reference = Report(), load_tokenizer(SMALL, profile)
    with mistaken_port(name, profile) as port:
        for each in PROPERTIES.values():
            if profile in each.profiles:
                check_property(each, port, reference, 1000, report)
    return {failure.name: failure.drawn for failure in report.failures}


def still_fail(name: str, profile: str, examples: dict[str, Any]) -> list[str]:
    """Of the properties with an example, those that fail on it."""
    report, reference = Report(), load_tokenizer(SMALL, profile)
    with mistaken_port(name, profile) as port:
        for each, drawn in examples.items():
            check_example(PROPERTIES[each], drawn, port, reference, report)
    return [failure.name for failure in report.failures]


def table(small: list[dict[str, Any]], examples: Examples) -> str:
    """docs/tokenizer-mistakes.md."""
    lines = []
    for profile in PROFILES:
        for name in tokenizer_mistakes(profile):
            killed = sum(f"{profile} {name}" in record["flags"] for record in small)
            failing = [f"{each} `{shown(examples[profile][name][each])}`"
                       for each in still_fail(name, profile, examples[profile][name])]
            lines.append(f"| {name} | {profile} | {killed} | {', '.join(failing)} |")
    return HEAD.format(count=len(small)) + "\n".join(lines) + "\n"


def shown(drawn: Any) -> str:
    """An example in a table's cell; of a long one, how it begins."""
    if isinstance(drawn, str) and len(drawn) > 30:
        return f"{shown(drawn[:9])} … {len(drawn)} characters"
    return json.dumps(drawn, ensure_ascii=not str(drawn).isprintable()).replace("|", "\\|")


def to_lines(found: list[dict[str, Any]]) -> str:
    """JSON Lines."""
    return "".join(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n" for record in found)


def main() -> None:
    small = records(SMALL, ids_only=False)
    (SMALL / "vectors.jsonl").write_text(to_lines(small), encoding="utf-8")
    examples = {profile: {name: find_examples(name, profile) for name in tokenizer_mistakes(profile)}
                for profile in PROFILES}
    EXAMPLES.write_text(json.dumps(examples, ensure_ascii=True, indent=1) + "\n", encoding="utf-8")
    TABLE.write_text(table(small, examples), encoding="utf-8")
    if LARGE.is_dir():
        large = load_tokenizer(LARGE, "original")
        assert vectors_file(large) == HERE / "large.jsonl", sha256(large)
        (HERE / "large.jsonl").write_text(to_lines(records(LARGE, ids_only=True)), encoding="utf-8")


if __name__ == "__main__":
    main()
