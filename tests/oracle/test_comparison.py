"""Tables of a trace beside the reference: what is in them, in which order, and the exit code."""

import json
from dataclasses import replace

import numpy as np
import pytest
from neoxja_np import oracle, tap_names
from neoxja_np.oracle.comparison import GREEDY, compare, compare_operators, to_text
from neoxja_np.oracle.evidence import gather
from neoxja_np.oracle.traces import Trace
from tests.oracle.ports import port


def changed(trace: Trace, **activations: np.ndarray | None) -> Trace:
    """With other activations, __ for a dot; None: without it."""
    new = {name.replace("__", "."): value for name, value in activations.items()}
    kept = {**trace.activations, **new}
    return replace(trace, activations={name: value for name, value in kept.items() if value is not None})


@pytest.fixture(scope="module")
def right() -> Trace:
    return port("odd_half")[1]


def test_a_right_trace_passes_and_all_of_it_is_compared(right: Trace) -> None:
    found = oracle.compare(right)
    assert [row.tap for row in found.rows] == [*tap_names(2), GREEDY]
    assert {row.state for row in found.rows} == {"pass"}
    assert found.code() == 0
    assert found.would_pass_at <= 1.05  # its variant is one of those that the floors are made of
    assert found.coverage == {"compared": 39, "not given": 0, "refused": 0}
    assert found.first_bad is None
    assert "all within" in to_text(found)


def test_the_first_bad_tap_comes_first_in_execution_and_names_its_worst_number() -> None:
    trace = port("odd_half", mistakes=["scale_missing"])[0]
    found = oracle.compare(trace)
    bad = found.first_bad
    assert bad is not None
    assert bad.tap == "layers.0.attention.scores"
    ours = oracle.trace_fixture("odd_half", "float64")[0].activations[bad.tap]
    off = np.where(np.tri(12, dtype=bool), np.abs(trace.activations[bad.tap] - ours), 0)
    assert bad.index == np.unravel_index(off.argmax(), off.shape)
    assert bad.got == pytest.approx(trace.activations[bad.tap][bad.index])
    assert bad.expected == pytest.approx(ours[bad.index])
    assert found.would_pass_at == max(row.floors for row in found.rows)
    assert found.code() == 1
    text = to_text(found)
    assert text.splitlines()[1].split()[:2] == ["FAIL", "layers.0.attention.scores"]
    assert f"all would pass at {found.would_pass_at:.3g} floors" in text


def test_operators_alone_show_the_wrong_one_alone() -> None:
    found = compare_operators(gather(port("odd_half", mistakes=["scale_missing"])[0]))
    assert [row.tap for row in found.rows if row.state != "pass"] == [f"layers.{i}.attention.scores" for i in range(2)]


@pytest.mark.parametrize(("offset", "state"), [(3, "pass"), (10, "warn"), (40, "fail")])
def test_passes_warns_and_fails_by_floors(right: Trace, offset: float, state: str) -> None:
    evidence = gather(right)
    value = evidence.reference()["final_layer_norm"]
    floor = evidence.floors.run["final_layer_norm"]
    signs = np.where(np.arange(value.size).reshape(value.shape) % 2, 1, -1)
    off = value + signs * offset * floor.l2 * np.sqrt((value**2).mean())
    rows = {row.tap: row for row in oracle.compare(changed(right, final_layer_norm=off)).rows}
    assert rows["final_layer_norm"].state == state


def test_what_is_not_given_or_refused_is_said(right: Trace) -> None:
    scores, context = "layers.0.attention.scores", "layers.0.attention.context"
    partial = changed(right, layers__0__attention__scores=None, strange=np.zeros(3),
                      layers__0__attention__context=right.activations[context].swapaxes(1, 2),
                      logits=np.full(3, "x"))
    found = oracle.compare(partial)
    rows = {row.tap: row for row in found.rows}
    assert rows[scores].state == "not given"
    assert rows[context].reason == "shape [2, 12, 4, 12], expected [2, 4, 12, 12]: the same axes in another order"
    assert rows["strange"].reason == "no tap is called so"
    assert rows["logits"].reason == "expected numbers, got <U1"
    assert found.coverage == {"compared": 36, "not given": 1, "refused": 3}
    assert found.code() == 2


def test_what_is_missing_for_a_reason_or_not_expected_is_not_incomplete(right: Trace) -> None:
    without = changed(right, layers__0__attention__scores=None)
    assert oracle.compare(without).code() == 2
    told = replace(without, missing={"layers.0.attention.scores": "flash attention has none"})
    assert oracle.compare(told).code() == 0
    assert "flash attention has none" in to_text(oracle.compare(told), everything=True)
    assert compare(gather(without), only={"logits"}).code() == 0


def test_a_number_that_is_none_fails(right: Trace) -> None:
    hole = right.activations["final_layer_norm"].copy()
    hole[1, -1, 0] = np.nan
    found = oracle.compare(changed(right, final_layer_norm=hole))
    assert found.first_bad is not None
    assert found.first_bad.tap == "final_layer_norm"
    assert found.first_bad.index == (1, 11, 0)
    assert json.loads(json.dumps(found.to_dict()))["would_pass_at"] is None


def test_padding_may_hold_anything(right: Trace) -> None:
    rubbish = right.activations["layers.0.output"].copy()
    rubbish[right.case.attention_mask == 0] = np.nan
    assert oracle.compare(changed(right, layers__0__output=rubbish)).code() == 0
    assert oracle.diagnose([changed(right, layers__0__output=rubbish)]).clean


def test_greedy_tokens_must_agree_where_the_reference_is_sure(right: Trace) -> None:
    logits = right.activations["logits"].copy()
    top = logits[1, 5].argmax()
    logits[1, 5, top] = logits[1, 5].min()
    row = next(row for row in oracle.compare(changed(right, logits=logits)).rows if row.tap == GREEDY)
    assert (row.state, row.index, int(row.expected)) == ("fail", (1, 5), top)
    tie = gather(right)
    even = tie.reference()["logits"].copy()
    order = even[1, 5].argsort()
    expected = even.copy()
    expected[1, 5, order[-2]] = expected[1, 5, order[-1]] - 1e-9   # the reference cannot choose
    from neoxja_np.oracle.comparison import greedy
    swapped = expected.copy()
    swapped[1, 5, order[-2]] += 2e-9
    assert greedy(gather(changed(right, logits=swapped)), expected).state == "pass"


def test_colours_only_where_asked(right: Trace) -> None:
    bad = oracle.compare(changed(right, logits=right.activations["logits"] * 2))
    assert "\033[31m" in to_text(bad, colour=True)
    assert "\033" not in to_text(bad)


def test_the_tables_of_rotary_may_stand_once_for_all_rows(right: Trace) -> None:
    plain = port("odd_half")[0]
    cos, sin = plain.activations["rotary.cos"], plain.activations["rotary.sin"]
    once = changed(plain, rotary__cos=cos[0], rotary__sin=sin[:1])
    assert oracle.compare(once).code() == 0


@pytest.mark.parametrize(("error", "code"), [(1e-13, 0), (1e-10, 1)])
def test_float64_is_held_to_its_own_rounding(error: float, code: int) -> None:
    trace = port("sensitised", "float64")[0]
    value = trace.activations["layers.1.output"]
    signs = np.where(np.arange(value.size).reshape(value.shape) % 2, 1, -1)
    off = value + signs * error * np.sqrt((value**2).mean())
    assert oracle.compare(changed(trace, layers__1__output=off)).code() == code


def test_wrong_tables_are_not_trusted() -> None:
    trace = port("sensitised", "float64", ["rope_fp16"])[0]
    found = {row.tap: row.state for row in oracle.compare(trace).rows}
    for tap in ("rotary.cos", "layers.0.attention.query_rotary", "layers.0.attention.scores"):
        assert found[tap] == "fail"


def test_any_padding_of_any_tap_may_be_no_number(right: Trace) -> None:
    holes = {}
    for name, value in right.activations.items():
        counts = np.broadcast_to(gather(right).trace.reading.counted(right.case, name), value.shape)
        holes[name] = np.where(counts, value, np.nan)
    rubbish = replace(right, activations=holes)
    assert oracle.compare(rubbish).code() == 0
    assert oracle.replay(rubbish).code() == 0
