"""AdamW, the schedule, clipping, batches and settings, each alone."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neoxja_np import GPTNeoXJapaneseConfig
from neoxja_np.training.adamw import AdamW, parameters
from neoxja_np.training.batches import check_corpus, random_batch, successive_batches, text_starts
from neoxja_np.training.schedule import clip, gradient_norm, learning_rate
from neoxja_np.training.settings import TrainingSettings
from neoxja_np.weights import flatten, initial_weights

RATE = {"peak": 2.0, "warmup_steps": 10, "steps": 110, "final": 0.1}


def test_adamw_is_its_formula() -> None:
    """In plain Python, a number at a time; decay on the matrix alone."""
    rng = np.random.default_rng(0)
    weights = {"matrix": rng.normal(size=(2, 3)), "vector": rng.normal(size=3)}
    plain = {name: array.ravel().tolist() for name, array in weights.items()}
    means, squares = ({name: [0.0] * array.size for name, array in weights.items()} for _ in range(2))
    optimizer = AdamW(beta1=0.8, beta2=0.9, eps=1e-3, weight_decay=0.5)
    for t in range(1, 8):
        gradients = {name: rng.normal(size=array.shape) for name, array in weights.items()}
        optimizer.update(weights, gradients, lr=0.1)
        for name, numbers in plain.items():
            for i, g in enumerate(gradients[name].ravel().tolist()):
                means[name][i] = 0.8 * means[name][i] + 0.2 * g
                squares[name][i] = 0.9 * squares[name][i] + 0.1 * g * g
                m, v = means[name][i] / (1 - 0.8**t), squares[name][i] / (1 - 0.9**t)
                decay = 0.5 * numbers[i] if name == "matrix" else 0.0
                numbers[i] -= 0.1 * (m / (math.sqrt(v) + 1e-3) + decay)
        for name, numbers in plain.items():
            assert np.abs(weights[name].ravel() - numbers).max() < 1e-14


def test_adamw_keeps_the_dtype() -> None:
    weights, optimizer = {"w": np.ones(3, np.float32)}, AdamW(0.9, 0.95, 1e-8, 0.1)
    optimizer.update(weights, {"w": np.ones(3, np.float32)}, lr=0.1)
    assert {array.dtype for part in (weights, optimizer.means, optimizer.squares) for array in part.values()} == {
        np.dtype("float32")}


def test_parameters_name_a_tied_head_once() -> None:
    config = GPTNeoXJapaneseConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=2)
    weights = initial_weights(config, rng=np.random.default_rng(0), dtype="float32")
    assert flatten(weights).keys() - parameters(weights).keys() == {"embed_out.weight"}


def test_the_learning_rate_rises_and_falls() -> None:
    rates = [learning_rate(step, **RATE) for step in range(110)]
    assert np.allclose(rates[:10], np.arange(1, 11) / 10 * 2.0)
    assert max(rates) == rates[9] == 2.0
    assert all(a > b for a, b in pairwise(rates[9:]))
    assert rates[59] == pytest.approx(2.0 * (0.1 + 0.9 * 0.5))  # half way down
    assert rates[-1] == pytest.approx(0.2)


def test_a_run_of_warm_up_alone() -> None:
    assert learning_rate(4, peak=1.0, warmup_steps=5, steps=5, final=0.1) == 1.0


def test_clipping_keeps_the_direction() -> None:
    gradients = {"a": np.array([3.0, 0.0]), "b": np.array([[4.0]])}
    assert gradient_norm(gradients) == 5.0
    clip(gradients, norm=5.0, max_norm=6.0)
    assert gradients["a"][0] == 3.0
    clip(gradients, norm=5.0, max_norm=1.0)
    assert gradient_norm(gradients) == pytest.approx(1.0, rel=1e-6)
    assert gradients["a"][0] / gradients["b"][0, 0] == pytest.approx(0.75)


@given(st.integers(0, 10**6), st.integers(0, 99))
def test_random_batches_are_windows_of_the_corpus(seed: int, step: int) -> None:
    ids = np.arange(1000, 1050, dtype="<u2")
    batch = random_batch(ids, step=step, batch_size=5, length=7, seed=seed)
    assert batch.shape == (5, 7)
    assert batch.dtype == np.int64
    assert (np.diff(batch) == 1).all()
    assert batch.min() >= 1000
    assert batch.max() < 1050
    assert (batch == random_batch(ids, step=step, batch_size=5, length=7, seed=seed)).all()


def test_random_batches_reach_both_ends_and_differ_by_step() -> None:
    ids = np.arange(20, dtype="<u2")
    batches = [random_batch(ids, step=step, batch_size=8, length=4, seed=0) for step in range(50)]
    assert {int(row[0]) for batch in batches for row in batch} == set(range(17))
    assert len({batch.tobytes() for batch in batches}) == 50


def test_windows_that_begin_texts() -> None:
    ids = np.array([5, 0, 7, 8, 9, 0, 0, 3, 1, 0, 6, 2], "<u2")
    assert text_starts(ids, end=0, length=3).tolist() == [0, 2, 6, 7]  # from 10 on there is no room
    assert text_starts(ids, end=0, length=2).tolist() == [0, 2, 6, 7, 10]
    assert text_starts(ids, end=[9, 1], length=3).tolist() == [0, 5, 9]
    starts = text_starts(ids, end=0, length=3)
    rows = [row for step in range(20) for row in random_batch(
        ids, step=step, batch_size=4, length=3, seed=0, starts=starts).tolist()]
    assert {tuple(row) for row in rows} == {(5, 0, 7), (7, 8, 9), (0, 3, 1), (3, 1, 0)}


@given(st.integers(1, 60), st.integers(2, 9), st.integers(1, 5))
def test_successive_batches_cover_all_but_the_rest(size: int, length: int, batch_size: int) -> None:
    ids = np.arange(size, dtype="<u4")
    rows = [row for batch in successive_batches(ids, batch_size=batch_size, length=length) for row in batch]
    assert np.array_equal(np.concatenate([[], *rows]), ids[:size // length * length])


@pytest.mark.parametrize(("ids", "message"), [
    (np.zeros(3, "<u2"), "the corpus has 3 tokens, fewer than one window of 4"),
    (np.zeros((2, 8), "<u2"), "one row of whole numbers"),
    (np.zeros(9), "one row of whole numbers"),
    (np.array([1, 2, 3, 10]), "the corpus has id 10, the model ids from 0 to 9"),
    (np.array([1, 2, 3, -1]), "the corpus has id -1"),
])
def test_ids_that_cannot_be_trained_on(ids: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_corpus(ids, name="corpus", length=4, vocab_size=10)


@pytest.mark.parametrize(("wrong", "message"), [
    ({"steps": 0}, "steps must be 1 or more, got 0"), ({"length": 1}, "length must be 2 or more"),
    ({"batch_size": 6, "parts": 4}, "a batch of 6 windows cannot be cut into 4 equal parts"),
    ({"learning_rate": -1.0}, "learning_rate must be 0 or more"), ({"learning_rate": math.nan}, "learning_rate"),
    ({"eps": math.inf}, "eps must be 0 or more"), ({"eps": 0.0}, "eps must be above 0"),
    ({"max_norm": 0}, "max_norm must be above 0"),
    ({"threads": 2}, "2 threads need as many parts of a batch, got parts 1"),
    ({"beta2": 1.0}, "beta2 must be below 1"),
])
def test_settings_that_make_no_run(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrainingSettings(**wrong)


@pytest.mark.parametrize("wrong", [{"steps": 1.5}, {"steps": True}, {"learning_rate": "1e-3"}, {"at_texts": 1}])
def test_settings_of_the_wrong_kind(wrong: dict[str, object]) -> None:
    with pytest.raises(TypeError, match=f"{next(iter(wrong))} must be a"):
        TrainingSettings(**wrong)
