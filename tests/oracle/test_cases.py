"""Runs whole and in pieces, and which numbers of them count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neoxja_np import GPTNeoXJapaneseForCausalLM, recording, tap_names
from neoxja_np.oracle.cases import counted, make_case, run
from neoxja_np.oracle.diagnosis import model_mistakes
from neoxja_np.oracle.fixture import load_fixture
from neoxja_np.oracle.mistakes import inject
from tests import tolerances
from tests.checks import relative_l2

IDS = [[5, 9, 2, 6, 1, 8], [3, 1, 4, 1, 5, 9]]
MASK = [[0, 0, 1, 1, 1, 1], [1] * 6]


def test_a_run_is_what_the_taps_see(model: GPTNeoXJapaneseForCausalLM) -> None:
    seen: dict[str, np.ndarray] = {}
    model(IDS, position_ids=[list(range(6))] * 2, tap=recording(seen))
    found = run(model, make_case(IDS))
    assert list(found) == list(seen) == tap_names(3)
    assert all((found[name] == seen[name]).all() for name in seen)


@given(cuts=st.sets(st.integers(1, 5)), padded=st.booleans())
def test_wherever_it_is_cut_a_run_is_the_same(cuts: set[int], padded: bool) -> None:
    model = load_fixture("odd_half").model()
    mask = MASK if padded else None
    whole, parts = run(model, make_case(IDS, mask)), run(model, make_case(IDS, mask, cuts=sorted(cuts)))
    for name, value in whole.items():
        counts = np.broadcast_to(counted(make_case(IDS, mask), name), value.shape)
        assert parts[name].shape == value.shape, name
        assert relative_l2(parts[name][counts], value[counts]) <= tolerances.FLOAT64, name


def test_what_counts_is_no_padding_and_no_score_of_a_later_token() -> None:
    case = make_case([[7, 7, 7]], [[0, 1, 1]])
    assert counted(case, "layers.0.output")[0, :, 0].tolist() == [False, True, True]
    assert counted(case, "layers.0.attention.key")[0, 0, :, 0].tolist() == [False, True, True]
    assert counted(case, "layers.0.attention.scores")[0, 0].astype(int).tolist() == [[0, 0, 0], [0, 1, 0], [0, 1, 1]]
    assert counted(case, "layers.0.attention.weights")[0, 0].astype(int).tolist() == [[0, 0, 0], [1, 1, 1], [1, 1, 1]]


def test_what_padding_holds_does_not_count() -> None:
    model = load_fixture("sensitised").model()
    one = run(model, make_case([[1, 2, 30, 40, 50]], [[0, 0, 1, 1, 1]]))
    other = run(model, make_case([[8, 9, 30, 40, 50]], [[0, 0, 1, 1, 1]]))
    case = make_case([[1, 2, 30, 40, 50]], [[0, 0, 1, 1, 1]])
    for name, value in one.items():
        counts = np.broadcast_to(counted(case, name), value.shape)
        assert (value[counts] == other[name][counts]).all(), name
    assert (one["embed_in"] != other["embed_in"]).any()


@pytest.mark.parametrize(("arguments", "message"), [
    (([[1, 2]], [[1, 1, 1]]), r"attention_mask has shape \(1, 3\), input_ids \(1, 2\)"),
    (([[1, 2]], None, [[0]]), r"position_ids has shape \(1, 1\)"),
    (([[1, 2, 3]], None, None, [2, 1]), r"cuts \[2, 1\] must rise"),
    (([[1, 2, 3]], None, None, [3]), r"between 0 and the 3 tokens"),
])
def test_what_does_not_fit_is_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_case(*arguments)


def test_positions_come_from_the_mask_as_in_generate() -> None:
    assert make_case(IDS, MASK).positions.tolist() == [[0, 0, 0, 1, 2, 3], [0, 1, 2, 3, 4, 5]]
    with inject("pad_arange"):
        assert make_case(IDS, MASK).positions.tolist() == [[0, 1, 2, 3, 4, 5]] * 2


@pytest.mark.parametrize("name", model_mistakes())
def test_every_mistake_of_the_model_shows_in_a_run_or_changes_nothing_that_counts(name: str) -> None:
    """In one of three fixtures; how much in which stands in docs/model-mistakes.md."""
    from neoxja_np.oracle.mistakes import MISTAKES, planted
    shows = False
    for label in ("sensitised", "default_init", "small_variance"):
        fixture = load_fixture(label)
        for case in fixture.cases.values():
            right = run(fixture.model(), case)
            with planted([name]):
                wrong = run(fixture.model(), case)
            shows |= any(value.shape != wrong[tap].shape or not np.array_equal(value, wrong[tap])
                         for tap, value in right.items())
    assert shows or MISTAKES[name].equivalent
