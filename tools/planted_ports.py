"""Plants the mistakes of tests/oracle/planted_ports.json in real ports, and prints what the oracle says of each.

    python -m tools.planted_ports [--port c] [--mistake NAME] [--kind known] [--fixture NAME] [--whole]
    python -m tools.planted_ports --port hugging_face --python .venv-parity/bin/python

An entry of that file is an object:

    port        javascript, c or hugging_face: which file of examples/ports
    mistake     its name in the oracle's table, or several joined by " + "; words, where none of the table is meant
    find        text that occurs exactly once in that file, and
    replace     what comes in its place
    also        more such places, each {find, replace}; may be left out
    append      of hugging_face alone: Python that is put behind its imports. There `theirs` is transformers' module of
                this model, and edit(owner, name, find, replace, …) compiles a method or function anew, its text changed
    variation   true: another constant, another spelling, or nothing that has a name. Then UNKNOWN and FAMILY are right
                too, and a name that does not fit is the finding
    note        what exactly is planted, where the name does not say it
    pair        instead of all these but port and mistake: the names of two mistakes that are planted together
"""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neoxja_np.oracle.conformance import Report, conform

ROOT = Path(__file__).resolve().parents[1]
ENTRIES = ROOT / "tests" / "oracle" / "planted_ports.json"
PORTS = ROOT / "examples" / "ports"
FILES = {"javascript": "model.mjs", "c": "model.c", "hugging_face": "adapter.py"}
BEHIND = "torch.set_grad_enabled(False)\n"  # in the port of hugging_face: where `append` goes
HELPERS = '''
import textwrap
import transformers.models.gpt_neox_japanese.modeling_gpt_neox_japanese as theirs


def edit(owner, name, *changes):
    source, made = textwrap.dedent(inspect.getsource(getattr(owner, name))), {}
    source = source.replace("@auto_docstring\\n", "")  # which takes a bare function for a class
    for find, replace in zip(changes[::2], changes[1::2], strict=True):
        if source.count(find) != 1:
            raise SystemExit(f"{find!r} occurs {source.count(find)} times in {name}")
        source = source.replace(find, replace)
    exec(source, vars(theirs), made)
    setattr(owner, name, made[name])


'''
# The names of the mistakes of dumping, which the oracle's design has in words.
NAMES = {"hidden_index": "dump_hidden_index", "transposed dump": "dump_transposed",
         "before instead of after the bias": "dump_before_bias", "fp16 dump of an fp32 run": "dump_fp16"}

Entry = dict[str, Any]


def kind_of(entry: Entry) -> str:
    """known, variation or pair."""
    return "pair" if "pair" in entry else "variation" if entry.get("variation") else "known"


def planted(entry: Entry, entries: Sequence[Entry]) -> str:
    """The text of the port with the entry's mistakes. Raises ValueError where a text to find is not there once."""
    text = (PORTS / entry["port"] / FILES[entry["port"]]).read_text(encoding="utf-8")
    for part in parts_of(entry, entries):
        places = [part] if "find" in part else []
        for place in [*places, *part.get("also", [])]:
            if (times := text.count(place["find"])) != 1:
                raise ValueError(f"{entry['port']} {entry['mistake']}: occurs {times} times: {place['find']!r}")
            text = text.replace(place["find"], place["replace"])
        if "append" in part:
            text = text.replace(BEHIND, BEHIND + HELPERS + part["append"])
    return text


def parts_of(entry: Entry, entries: Sequence[Entry]) -> list[Entry]:
    """The entry, or the two of a pair."""
    return [entry] if "pair" not in entry else [
        next(each for each in entries if kind_of(each) == "known" and each["port"] == entry["port"]
             and each["mistake"] == name) for name in entry["pair"]]


def command(entry: Entry, entries: Sequence[Entry], folder: Path, python: str) -> str:
    """Writes the port into a folder, and compiles what must be; what is to be run."""
    file = folder / FILES[entry["port"]]
    shutil.copytree(PORTS / entry["port"], folder, dirs_exist_ok=True)
    file.write_text(planted(entry, entries), encoding="utf-8")
    if entry["port"] == "c":
        built = folder / "model"
        subprocess.run(["cc", "-O2", "-std=c11", "-I", PORTS / "c", "-o", built, file, "-lm"], check=True)
        return shlex.join([str(built)])
    if entry["port"] == "javascript":
        return shlex.join(["node", str(file)])
    return shlex.join([python, str(folder / "model.py")])


def expected(entry: Entry) -> set[str]:
    """The names that are right."""
    return {NAMES.get(name, name) for name in entry["mistake"].split(" + ")}


def judged(entry: Entry, report: Report) -> str:
    """How the verdict fits what was planted."""
    verdict, right = report.verdict, expected(entry)
    if verdict is None:
        return "NO VERDICT"
    if verdict.kind == "CLEAN":
        return ("CLEAN, equivalent" if right <= set(verdict.names) else
                "CLEAN, cannot be resolved" if right <= set(verdict.untold) else
                "CLEAN, no mistake" if right == {"none"} else "CLEAN, without a word")
    if verdict.kind in ("FAMILY", "UNKNOWN"):
        return verdict.kind
    if verdict.kind == "NAMED CLASS" and right <= set(verdict.names):
        return "in a class with the right name"
    return "named rightly" if set(verdict.names) == right else "NAMED WRONGLY"


def line(entry: Entry, report: Report, judgement: str) -> str:
    """What is printed of an entry."""
    about = f"{entry['mistake']} ({entry['note']})" if "note" in entry else entry["mistake"]
    said = report.verdict.headline() if report.verdict else f"broken: {report.broken}"
    inside = bool(report.verdict and expected(entry) <= {*report.verdict.names, *report.verdict.untold})
    return f"{entry['port']} | {kind_of(entry)} | {about} | {said} | {'in' if inside else 'NOT in'} | {judgement}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", choices=list(FILES))
    parser.add_argument("--mistake", metavar="NAME", action="append", default=[])
    parser.add_argument("--kind", choices=["known", "variation", "pair"], action="append", default=[])
    parser.add_argument("--fixture", metavar="NAME", action="append", default=[])
    parser.add_argument("--python", metavar="PATH", default=sys.executable, help="for hugging_face")
    parser.add_argument("--whole", action="store_true", help="the verdict's other lines too, and what failed or ended")
    options = parser.parse_args()
    entries = json.loads(ENTRIES.read_text(encoding="utf-8"))
    counts: dict[str, Counter[str]] = {}
    for entry in entries:
        if not (options.port in (None, entry["port"]) and entry["mistake"] in (options.mistake or [entry["mistake"]])
                and kind_of(entry) in (options.kind or [kind_of(entry)])):
            continue
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            report = conform(command(entry, entries, Path(folder), options.python), options.fixture)
        judgement = judged(entry, report)
        counts.setdefault(f"{entry['port']}, {kind_of(entry)}", Counter())[judgement] += 1
        print(line(entry, report, judgement), flush=True)
        if options.whole:
            more = str(report.verdict).splitlines()[1:] if report.verdict else []
            more += [f"  {name}: {why}" for name, why in [*report.errors.items(), *report.skipped.items()]]
            more += [f"  broken: {report.broken}"] if report.broken else []
            print("\n".join([*more, f"  {time.perf_counter() - began:.0f} s"]), flush=True)
    for which, count in counts.items():
        print(f"{which}: {', '.join(f'{number} {judgement}' for judgement, number in count.most_common())}")


if __name__ == "__main__":
    main()
