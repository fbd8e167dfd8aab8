"""The table of explanations is complete and true: its lines are this package's, and change what the mistake changes."""

import argparse
import importlib
import inspect
import json
import re
import sys
import textwrap
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from types import CodeType, FunctionType
from typing import Any

import numpy as np
import pytest
from neoxja_np import GPTNeoXJapaneseTokenizer, oracle
from neoxja_np.cli import explain as verb
from neoxja_np.layers.activation import gelu
from neoxja_np.oracle.explanations import EXPLANATIONS, Explanation, addresses, explain
from neoxja_np.oracle.fixture import load_fixture
from neoxja_np.oracle.mistakes import MISTAKES, inject
from neoxja_np.oracle.roundings import to_bfloat16
from neoxja_np.tap import recording
from neoxja_np.tokenizer import pretrained as tokenizer
from neoxja_np.tokenizer.normalize import normalize
from tests.conftest import ROOT

FOLD = "<details><summary>日本語</summary>"
every = pytest.mark.parametrize("name", list(EXPLANATIONS))

HALVES = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float64)
NAMED = {  # what the wrong lines name and the package has not
    "GELU_TABLE": gelu(np.where(np.isfinite(HALVES), HALVES, 0.0)).astype(np.float16),
    "JS_SPACES": "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
        map(chr, range(0x2000, 0x200B))),
    "to_bfloat16": to_bfloat16, "unicodedata": unicodedata}
NO_DROP_IN = {
    "bias_all_layers": "a layer is not handed the last one's bias", "head_untied": "random numbers",
    "utf16_indices": "a str has no halves", "utf16_replaced": "a str has no halves"}
TEXTS = ["である慶應の<SP>ですが…é", "東京,1,2\r\n\t¿ǃ ", " 猫 犬😃👩\u200d🍳①ｶﾞ！", "𠮷野家𐀀한\x1c",
         "\u3000<|endoftext|>\ufeff", "é\x85"]


def compact(line: str) -> str:
    """A line of source without white space and comment."""
    return re.sub(r"\s", "", re.sub(r"(^|\s+)# .*", "", line))


def hunks(lines: str) -> list[list[str]]:
    """Lines, cut where others stand between them."""
    return [hunk.strip("\n").split("\n") for hunk in lines.split("…")] if "\n…\n" in lines else [lines.split("\n")]


def places(explanation: Explanation, source: list[str]) -> list[int]:
    """Where each part of the right lines begins; it must stand there once, whole lines of it."""
    lines, found = [compact(line) for line in source], []
    for hunk in hunks(explanation.right):
        wanted = [compact(line) for line in hunk]
        starts = [i for i in range(len(lines)) if lines[i:i + len(wanted)] == wanted]
        assert len(starts) == 1, f"{explanation.source}: {hunk} stands there {len(starts)} times"
        found += starts
    return found


def read_source(explanation: Explanation) -> list[str]:
    return (ROOT / "neoxja_np" / explanation.source).read_text(encoding="utf-8").split("\n")


def rewritten(explanation: Explanation) -> str:
    """The source file with the wrong lines in the place of the right ones."""
    source = read_source(explanation)
    parts = zip(places(explanation, source), hunks(explanation.right), hunks(explanation.wrong), strict=True)
    for start, right, wrong in reversed(list(parts)):
        indent = re.match(r"\s*", source[start])[0]
        source[start:start + len(right)] = [indent + line for line in wrong]
    return "\n".join(source)


# ---- the table ----


def test_every_mistake_is_explained_and_nothing_else() -> None:
    assert list(EXPLANATIONS) == list(MISTAKES)


@every
def test_the_right_lines_stand_in_the_source(name: str) -> None:
    explanation = EXPLANATIONS[name]
    assert explanation.source not in ("oracle/explanations.py", "oracle/mistakes.py")
    places(explanation, read_source(explanation))
    for line in explanation.right.split("\n"):
        assert line == "…" or line.rstrip() == line


@every
def test_the_wrong_lines_are_others(name: str) -> None:
    explanation = EXPLANATIONS[name]
    assert compact(explanation.right) != compact(explanation.wrong)
    assert len(hunks(explanation.right)) == len(hunks(explanation.wrong))
    assert explanation.wrong.strip()
    for lines in (explanation.right, explanation.wrong):
        assert max(len(line) for line in lines.split("\n")) <= 100
    compile(rewritten(explanation), explanation.source, "exec")


@every
def test_the_notebook_has_such_a_heading(name: str) -> None:
    stem, heading = EXPLANATIONS[name].notebook
    notebook = json.loads((ROOT / "notebooks" / f"{stem}.ipynb").read_text(encoding="utf-8"))
    english = ["".join(cell["source"]).split(FOLD)[0] for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    assert f"## {heading}" in "\n".join(english).split("\n")


def test_each_reason_is_said_once_and_in_sentences() -> None:
    reasons = [explanation.why for explanation in EXPLANATIONS.values()]
    assert len(set(reasons)) == len(reasons)
    for why in reasons:
        assert why.endswith(".")
        assert "  " not in why
        assert 60 <= len(why) <= 400, why


# ---- the wrong lines do what the planted mistake does ----


def swap(original: Any, changed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives a function, wherever it is used, the code of another."""
    plain = inspect.unwrap(original)
    if isinstance(plain, FunctionType) and not plain.__code__.co_freevars and not changed.__code__.co_freevars:
        assert isinstance(changed.__code__, CodeType)
        monkeypatch.setattr(plain, "__code__", changed.__code__)


@contextmanager
def as_written(explanation: Explanation) -> Iterator[None]:
    """While inside, the package runs with the wrong lines."""
    module = importlib.import_module(f"neoxja_np.{explanation.source.removesuffix('.py').replace('/', '.')}")
    changed: dict[str, Any] = {"__name__": module.__name__}
    exec(compile(rewritten(explanation), explanation.source, "exec"), changed)
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in NAMED.items():
            monkeypatch.setattr(module, name, value, raising=False)
        for name, value in changed.items():
            if getattr(value, "__module__", None) != module.__name__:
                continue
            if inspect.isclass(value):
                for member, new in vars(value).items():
                    old = inspect.getattr_static(getattr(module, name), member)
                    new, old = (new.fget, old.fget) if isinstance(new, property) else (new, old)
                    if isinstance(new, FunctionType) and "__create_fn__" not in new.__code__.co_qualname:
                        swap(old, new, monkeypatch)
            elif inspect.isfunction(value):
                swap(getattr(module, name), value, monkeypatch)
        if "REPLACEMENTS" in changed:  # in place, since two modules hold it
            kept = dict(module.REPLACEMENTS)
            refill(module.REPLACEMENTS, changed["REPLACEMENTS"])
        # the plain way of two things that are also done in a quicker one, as inject() has it
        monkeypatch.setattr(tokenizer, "SCAN_FROM", sys.maxsize)
        monkeypatch.setattr(tokenizer, "normalize_at_once", lambda text, index: normalize(text, index.emoji))
        try:
            yield
        finally:
            if "REPLACEMENTS" in changed:
                refill(module.REPLACEMENTS, kept)


def refill(table: dict[str, str], content: dict[str, str]) -> None:
    """Other content, in its order, for a dict that several places hold."""
    content = dict(content)
    table.clear()
    table.update(content)


def outputs_of_calls(fixture: str) -> dict[str, np.ndarray]:
    """A text in two calls, with positions of the model's own, and hidden_states."""
    model = load_fixture(fixture).model("float64")
    ids = next(iter(load_fixture(fixture).cases.values())).input_ids
    seen: dict[str, np.ndarray] = {}
    first = model(ids[:, :4])
    second = model(ids[:, 4:], past_key_values=first.past_key_values, output_hidden_states=True, tap=recording(seen))
    states = {f"hidden_states.{i}": state for i, state in enumerate(second.hidden_states)}
    return {f"call {name}": value for name, value in {**seen, **states, "first logits": first.logits}.items()}


def outputs_of_model(fixture: str, traced: bool) -> dict[str, np.ndarray]:
    traces = oracle.trace_fixture(fixture, "float64") if traced else []
    return {f"{each.case_name} {tap}": value for each in traces for tap, value in each.activations.items()
            } | outputs_of_calls(fixture)


@pytest.mark.parametrize("name", [name for name, m in MISTAKES.items() if not m.family.startswith("tokenizer")
                                  and name not in NO_DROP_IN])
def test_the_wrong_lines_of_the_model_do_what_the_mistake_does(name: str) -> None:
    fixture = EXPLANATIONS[name].shown_by
    traced = name != "cache_pos_restart"  # a trace is given its positions
    clean = outputs_of_model(fixture, traced)
    with inject(name):
        planted = outputs_of_model(fixture, traced)
    with as_written(EXPLANATIONS[name]):
        written = outputs_of_model(fixture, traced)
    assert written.keys() == planted.keys()
    for key, value in planted.items():
        assert written[key].shape == value.shape, key
        np.testing.assert_allclose(written[key], value, rtol=1e-9, atol=1e-9 * np.abs(value).max(), err_msg=key)
    assert written.keys() != clean.keys() or any(
        written[key].shape != clean[key].shape or not np.allclose(written[key], clean[key], rtol=1e-6, atol=1e-9)
        for key in clean)
    again = outputs_of_model(fixture, traced)  # and nothing is left of it
    assert all(np.array_equal(again[key], clean[key], equal_nan=True) for key in clean)


def outputs_of_tokenizer(profile: str, texts: list[str]) -> list[Any]:
    it = GPTNeoXJapaneseTokenizer.from_pretrained("random-ja", profile=profile)
    return [(it.encode(text), it.tokenize(text), it.decode(it.encode(text))) for text in texts]


@pytest.mark.parametrize("name", [name for name, m in MISTAKES.items() if m.family.startswith("tokenizer")
                                  and name not in NO_DROP_IN])
def test_the_wrong_lines_of_the_tokenizer_do_what_the_mistake_does(name: str) -> None:
    for profile in [MISTAKES[name].family.split()[1]] if " " in MISTAKES[name].family else ["hf", "original"]:
        clean = outputs_of_tokenizer(profile, TEXTS)
        with inject(name):
            planted = outputs_of_tokenizer(profile, TEXTS)
        with as_written(EXPLANATIONS[name]):
            written = outputs_of_tokenizer(profile, TEXTS)
        assert written == planted
        assert written != clean
        assert outputs_of_tokenizer(profile, TEXTS) == clean


def test_what_is_no_drop_in_is_known() -> None:
    assert set(NO_DROP_IN) <= set(MISTAKES)


# ---- the page ----


@every
def test_the_page_says_all(name: str) -> None:
    mistake, explanation, page = MISTAKES[name], EXPLANATIONS[name], explain(name)
    lines = page.split("\n")
    assert lines[0] == f"{name} ({mistake.family}): {mistake.summary}"
    assert explanation.why in " ".join(lines)
    assert f"neoxja_np/{explanation.source}" in lines
    for mark, text in (("-", explanation.right), ("+", explanation.wrong)):
        for line in text.split("\n"):
            assert f"  {mark} {line}" in lines or f"    {line}" in lines, line
    assert any(line.startswith(("  - ", "  + ")) for line in lines)
    assert ("equivalent: no output on real tokens can show it" in lines) == mistake.equivalent
    stem, heading = explanation.notebook
    assert f'explained in: notebooks/{stem}.ipynb, "{heading}"' in lines
    assert all(line == line.rstrip() for line in lines)


@every
def test_where_it_was_seen(name: str) -> None:
    seen, page = MISTAKES[name].seen, explain(name)
    found = [line.strip() for line in page.split("\n") if re.search(r"#\d+$|/issues/", line)]
    assert ("no public case is known to us" in page) == (not seen)
    assert len(found) == len(seen.split(", ")) * bool(seen)
    for line, case in zip(found, seen.split(", "), strict=False):
        assert line == case or re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+/issues/[1-9]\d*", line)
        assert ("/" in case) == line.startswith("https://github.com/")
        assert line.endswith(case.rpartition("#")[2])


def test_an_owner_that_is_not_said_is_not_made_up() -> None:
    assert addresses("a-b/c.d#12, e#3") == ["https://github.com/a-b/c.d/issues/12", "e#3"]


def tried(name: str, *, planted: bool) -> str:
    """What the lines that a page ends with print, with the mistake or without."""
    code = textwrap.dedent(explain(name).split("try it:\n")[1])
    assert f'with oracle.inject("{name}"):' in code
    if not planted:
        code = code.replace(f'oracle.inject("{name}")', "nullcontext()")
    with redirect_stdout(StringIO()) as printed:
        exec(f"from contextlib import nullcontext\n{code}", {})
    return printed.getvalue()


@pytest.mark.parametrize("name", [name for name, m in MISTAKES.items()
                                  if m.family.startswith("tokenizer") or name == "hidden_index"])
def test_what_is_to_be_tried_shows_it(name: str) -> None:
    assert tried(name, planted=True) != tried(name, planted=False)


def test_what_is_to_be_tried_names_it() -> None:
    assert tried("ln_eps_outside", planted=True).startswith("NAMED ln_eps_outside")
    assert tried("ln_eps_outside", planted=False).startswith("CLEAN")


@pytest.mark.parametrize("name", [name for name, m in MISTAKES.items()
                                  if not (m.family.startswith("tokenizer") or m.equivalent or name == "hidden_index")])
def test_the_fixture_shows_it(name: str) -> None:
    with inject(name):
        traces = oracle.trace_fixture(EXPLANATIONS[name].shown_by)
    assert f'oracle.trace_fixture("{EXPLANATIONS[name].shown_by}")' in explain(name)
    assert any(oracle.compare(trace).first_bad for trace in traces)


@pytest.mark.parametrize(("name", "near"), [("rope_interleave", "rope_interleaved"), ("gelu-tanh", "gelu_tanh"),
                                            ("ln_eps", "ln_eps_1e-6")])
def test_an_unknown_name_lists_those_near_it_and_all(name: str, near: str) -> None:
    with pytest.raises(ValueError, match=f"no mistake is called '{name}'; did you mean .*{near}") as error:
        explain(name)
    assert str(error.value).endswith(f"There are {', '.join(MISTAKES)}")


def test_a_name_that_is_near_to_none() -> None:
    with pytest.raises(ValueError, match=r"no mistake is called 'いろは'\. There are qkv_concat, "):
        explain("いろは")


# ---- the verb ----


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    parser = argparse.ArgumentParser()
    verb.add_to(parser.add_subparsers())
    options = parser.parse_args(["explain", *arguments])
    assert options.run(options) is None
    return capsys.readouterr().out


def test_the_verb_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "qkv_concat") == explain("qkv_concat") + "\n"


def test_the_verb_lists_all_by_family(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys).splitlines()
    families = [line.removesuffix(":") for line in lines if not line.startswith(" ")]
    assert families == list(dict.fromkeys(mistake.family for mistake in MISTAKES.values()))
    listed = [line.split(maxsplit=1) for line in lines if line.startswith(" ")]
    assert listed == [[name, mistake.summary] for name, mistake in MISTAKES.items()]


def test_the_help_says_what_it_prints(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        printed(capsys, "--help")
    shown = " ".join(capsys.readouterr().out.split())
    assert "Without NAME: list all mistakes by family." in shown
    assert "rope_interleaved" in shown
