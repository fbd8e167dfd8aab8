"""Floors, and what they are measured in: variants that are right, deviations, replays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neoxja_np import GPTNeoXJapaneseForCausalLM
from neoxja_np.oracle.cases import run
from neoxja_np.oracle.fixture import fixture_names, load_fixture
from neoxja_np.oracle.floors import (
    LEAST,
    OUTLIER,
    PASS,
    Deviation,
    deviation,
    measure_floors,
    stored_floors,
)
from neoxja_np.oracle.mistakes import inject
from neoxja_np.oracle.precision import DTYPES, as_dtype, run_in
from neoxja_np.oracle.replay import replay
from neoxja_np.oracle.roundings import ROUNDINGS
from neoxja_np.oracle.variants import VARIANTS, computed_as
from tests import tolerances
from tests.checks import relative_l2

EVERYWHERE = np.ones((), bool)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_the_same_but_for_rounding(name: str) -> None:
    """In float64, angles included, it parts by no more than that rounds."""
    fixture = load_fixture("odd_half")
    model = fixture.model(angle_dtype="float64")
    for case in fixture.cases.values():
        plain = run(model, case)
        with computed_as(VARIANTS[name]):
            other = run(model, case)
        for tap, value in plain.items():
            assert relative_l2(other[tap], value) <= tolerances.FLOAT64, tap
        # and it is another: some number falls out otherwise, if only in float32
        single = fixture.model("float32")
        with computed_as(VARIANTS[name]):
            moved = run(single, case)
        if name != "as it is":
            assert any((moved[tap] != value).any() for tap, value in run(single, case).items())


@pytest.mark.parametrize(("name", "digits"), [("bfloat16", 8), ("float16", 11)])
@given(x=st.floats(-1000, 1000, width=32).filter(lambda x: abs(x) > 1e-4))
def test_roundings_keep_so_many_binary_digits(name: str, digits: int, x: float) -> None:
    rounded = float(ROUNDINGS[name](np.array([x]))[0])
    mantissa, _ = np.frexp(rounded)
    if abs(x) > 2**-14:  # below it float16 has fewer
        assert mantissa * 2**digits == int(mantissa * 2**digits)
        assert abs(rounded - x) <= abs(x) * 2.0**-digits
    assert ROUNDINGS[name](np.array([rounded]))[0] == rounded


def test_bfloat16_rounds_ties_to_even() -> None:
    ties = np.array([1 + 2**-8, 1 + 3 * 2**-8])
    assert ROUNDINGS["bfloat16"](ties).tolist() == [1.0, 1 + 2**-6]


def test_deviation_by_hand() -> None:
    expected, got = np.array([3.0, 4.0, 9.0]), np.array([3.0, 4.5, 0.0])
    counts = np.array([True, True, False])
    found = deviation(got, expected, counts)
    assert found.l2 == pytest.approx(0.5 / 5)
    assert found.worst == pytest.approx(0.5 / (25 / 2) ** 0.5)
    assert found.in_floors(Deviation(0.05, 1.0)) == pytest.approx(2.0)
    assert found.in_floors(Deviation(1.0, 0.01)) == pytest.approx(0.5 / (25 / 2) ** 0.5 / 0.01)


def test_deviation_of_what_is_no_number_or_has_another_shape_is_infinite() -> None:
    zero = np.zeros(3)
    assert deviation(np.array([1.0, np.nan, 0.0]), np.ones(3), EVERYWHERE).l2 == np.inf
    assert deviation(np.ones(3), np.ones((3, 1)), EVERYWHERE) == (np.inf, np.inf)
    assert deviation(zero, zero, EVERYWHERE) == (0, 0)
    assert deviation(np.ones(3), zero, EVERYWHERE).l2 == np.inf
    assert deviation(np.array([1.0, np.nan]), np.ones(2), np.array([True, False])) == (0, 0)


@pytest.mark.parametrize("name", fixture_names())
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_stored_floors_are_what_is_measured(name: str, dtype: str) -> None:
    """Another BLAS moves them a little: within a factor of 3."""
    fixture = load_fixture(name)
    stored, now = stored_floors(fixture, dtype), measure_floors(fixture.model(), fixture.cases.values(), dtype)
    for kind in ("run", "replay"):
        assert list(getattr(stored, kind)) == list(getattr(now, kind))
        for tap, pair in getattr(stored, kind).items():
            for one, other in zip(pair, getattr(now, kind)[tap], strict=True):
                assert 1 / 3 < one / other < 3, (kind, tap)
            assert pair.l2 >= LEAST[dtype] * 0.99
            assert pair.worst >= OUTLIER * LEAST[dtype] * 0.99


def test_float64_is_held_to_1e_12() -> None:
    floors = stored_floors(load_fixture("sensitised"), "float64").replay
    assert {PASS * floor.l2 for tap, floor in floors.items() if not tap.startswith("rotary")} == {1e-12}


def test_one_number_that_is_off_fails_however_many_are_right() -> None:
    fixture = load_fixture("sensitised")
    floor = stored_floors(fixture, "float32").run["layers.0.output"]
    right = run(fixture.model(), fixture.cases["plain"])["layers.0.output"]
    wrong = right.copy()
    wrong[0, 3, 5] += 40 * floor.worst * np.sqrt((right**2).mean())
    found = deviation(wrong, right, EVERYWHERE)
    assert found.l2 / floor.l2 < found.worst / floor.worst
    assert found.in_floors(floor) == pytest.approx(40, rel=1e-3)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_replay_of_a_right_run_computes_it_again(dtype: str) -> None:
    fixture = load_fixture("odd_quarter")
    for case in fixture.cases.values():
        seen = run_in(fixture.model(), case, dtype)
        again = replay(fixture.model(), case, seen)
        floors = stored_floors(fixture, dtype).replay
        for tap, value in again.items():
            counts = np.isfinite(value) & (np.abs(seen[tap]) >= 0)
            assert relative_l2(seen[tap][counts], value[counts]) <= 30 * floors[tap].l2, tap


def test_in_a_replay_a_mistake_stays_where_it_is() -> None:
    fixture = load_fixture("sensitised")
    case = fixture.cases["plain"]
    with inject("gelu_tanh"):
        seen = run(fixture.model(), case)
    again = replay(fixture.model(), case, seen)
    bad = [tap for tap, value in again.items() if relative_l2(seen[tap], value) > 1e-9]
    assert bad == [f"layers.{i}.mlp.act" for i in range(3)]


def test_what_is_not_given_is_our_own() -> None:
    fixture = load_fixture("sensitised")
    case = fixture.cases["plain"]
    plain = run(fixture.model(), case)
    fed = replay(fixture.model(), case, {"layers.1.output": np.zeros_like(plain["layers.1.output"])})
    assert (fed["layers.1.output"] == plain["layers.1.output"]).all()
    assert relative_l2(fed["layers.2.input_layernorm"], plain["layers.2.input_layernorm"]) > 0.1


def test_in_another_precision_a_tied_head_stays_tied() -> None:
    model = GPTNeoXJapaneseForCausalLM.from_pretrained("tiny-ja")
    wide = as_dtype(model, "float64")
    assert wide.dtype == np.float64
    assert wide.weights["embed_out"]["weight"] is wide.weights["gpt_neox_japanese"]["embed_in"]["weight"]
    assert as_dtype(wide, "float64") is wide
