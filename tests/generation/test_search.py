"""generate(): greedy and drawn, alone and in a batch, with and without the cache."""

import inspect
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neoxja_np import GenerationConfig, GPTNeoXJapaneseForCausalLM
from neoxja_np.files import find_folder
from neoxja_np.generation import search
from neoxja_np.generation.sampler import greedy
from neoxja_np.generation.settings import CHECKS
from neoxja_np.model import forward

MODEL = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja", dtype="float64")
IDS = [[30, 40, 50, 60]]


def test_greedy_equals_the_whole_sequence_again_and_again() -> None:
    ids = np.array(IDS)
    for _ in range(12):
        logits = MODEL(ids, use_cache=False).logits
        assert logits is not None
        ids = np.concatenate([ids, greedy(logits[:, -1:])], axis=-1)
    assert (MODEL.generate(IDS, max_new_tokens=12) == ids).all()


@settings(max_examples=10)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=4), st.integers(0, 2**32))
def test_a_left_padded_batch_equals_its_rows(lengths: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [rng.integers(0, 500, n) for n in lengths]
    width = max(lengths)
    ids = np.stack([np.concatenate([np.full(width - len(row), 7), row]) for row in rows])
    mask = np.stack([np.arange(width) >= width - len(row) for row in rows]).astype(int)
    together = MODEL.generate(ids, mask, max_new_tokens=6)
    for i, row in enumerate(rows):
        assert (together[i, width:] == MODEL.generate(row[None], max_new_tokens=6)[0, len(row):]).all()


def test_a_seed_fixes_the_text_and_top_k_1_is_greedy() -> None:
    one, other = (MODEL.generate(IDS, do_sample=True, max_new_tokens=9, rng=np.random.default_rng(3)) for _ in range(2))
    assert (one == other).all()
    assert (one != MODEL.generate(IDS, do_sample=True, max_new_tokens=9, rng=np.random.default_rng(4))).any()
    single = MODEL.generate(IDS, do_sample=True, top_k=1, max_new_tokens=9)
    assert (single == MODEL.generate(IDS, max_new_tokens=9)).all()
    assert (MODEL.generate(IDS, do_sample=True, top_p=0.0, top_k=0, max_new_tokens=9) == single).all()


def test_every_draw_is_among_the_top_k() -> None:
    drawn = MODEL.generate(IDS * 40, do_sample=True, top_k=3, max_new_tokens=1, rng=np.random.default_rng(0))[:, -1]
    logits = MODEL(IDS).logits
    assert logits is not None
    best = set(np.argsort(logits[0, -1])[-3:].tolist())
    assert set(drawn.tolist()) == best


def test_max_length_counts_the_prompt() -> None:
    assert MODEL.generate(IDS, max_length=10).shape == (1, 10)
    assert MODEL.generate(IDS).shape == (1, 24)


def test_it_ends_with_the_end_token_and_fills_up() -> None:
    free = MODEL.generate(IDS * 2, max_new_tokens=8)
    end = int(free[0, 7])
    alone = MODEL.generate(IDS, max_new_tokens=8, eos_token_id=[end, 3])
    assert alone.shape[1] <= 8
    assert alone[0, -1] == end
    ids = [IDS[0], [1, 2, 3, 4]]
    both = MODEL.generate(ids, max_new_tokens=8, eos_token_id=end, pad_token_id=9)
    ended = int(np.argmax(both[0, 4:] == end)) + 4
    assert (both[0, ended + 1:] == 9).all()
    other = MODEL.generate(ids[1:], max_new_tokens=8, eos_token_id=end, pad_token_id=9)[0]
    assert both[1].tolist() == other.tolist() + [9] * (both.shape[1] - len(other))


def test_padding_is_inferred_from_an_id_that_is_no_end() -> None:
    ids, mask = [[7, 7, 30, 40]], [[0, 0, 1, 1]]
    masked = MODEL.generate(ids, mask, max_new_tokens=6)
    assert (MODEL.generate(ids, max_new_tokens=6, pad_token_id=7) == masked).all()
    assert (MODEL.generate(ids, max_new_tokens=6, pad_token_id=7, eos_token_id=7) != masked).any()


def test_streaming_gives_the_same_tokens() -> None:
    steps = list(MODEL.stream(IDS, max_new_tokens=6))
    assert np.stack(steps, axis=-1).tolist() == MODEL.generate(IDS, max_new_tokens=6)[:, 4:].tolist()


@pytest.mark.parametrize(("ids", "arguments", "error", "message"), [
    ([[]], {}, ValueError, "input_ids is empty"),
    ([5, 6], {}, ValueError, r"input_ids has shape \(2,\), expected \[B, L\]"),
    ([[9000]], {}, ValueError, "input_ids holds 9000"),
    (IDS, {"max_new_tokens": 300}, ValueError, "304 tokens do not fit into the context of 256"),
    (IDS, {"max_length": 4}, ValueError, "leaves no room"),
    (IDS, {"attention_mask": [[1, 1]]}, ValueError, r"attention_mask has shape \(1, 2\), expected \(1, 4\)"),
    (IDS, {"attention_mask": [[1, 1, 1, 0]]}, ValueError, "padding must stand on the left"),
    (IDS, {"attention_mask": [[0, 0, 0, 0]]}, ValueError, "padding must stand on the left"),
    ([[1, 2], [1, 2]], {"attention_mask": [[1, 1], [1, 0]]}, ValueError, "padding must stand on the left"),
    (IDS, {"pad_token_id": 99999}, ValueError, "eos_token_id or pad_token_id holds 99999"),
    (IDS, {"eos_token_id": [5, 99999]}, ValueError, "eos_token_id or pad_token_id holds 99999"),
    (IDS, {"top_kk": 3}, TypeError, "did you mean 'top_k'"),
    (IDS, {"rng": 5, "do_sample": True}, TypeError,
     r"rng must be a np.random.Generator, such as np.random.default_rng\(5\)"),
])
def test_refused(ids: object, arguments: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        MODEL.generate(ids, **arguments)


def test_refused_at_once_and_not_at_the_first_step() -> None:
    with pytest.raises(ValueError, match="304 tokens"):
        MODEL.stream(IDS, max_new_tokens=300)


def calls_of_forward(monkeypatch: pytest.MonkeyPatch, **settings: object) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []

    def spy(*args: Any, **rest: Any) -> Any:
        calls.append({**rest, "capacity": rest["cache"].capacity})
        return forward(*args, **rest)

    monkeypatch.setattr(search, "forward", spy)
    exact = GPTNeoXJapaneseForCausalLM.from_pretrained("random-ja", dtype="float64", angle_dtype="float64")
    exact.generate(IDS, max_new_tokens=3, **settings)
    return calls


def test_the_room_is_made_once_and_the_last_logits_alone_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = calls_of_forward(monkeypatch)
    assert len(calls) == 3
    assert {call["capacity"] for call in calls} == {7}
    assert {call["keep"].indices(9) for call in calls} == {(8, 9, 1)}
    assert {call["angle_dtype"] for call in calls} == {"float64"}
    assert [call["position_ids"].tolist() for call in calls] == [[[0, 1, 2, 3]], [[4]], [[5]]]


def test_positions_count_real_tokens() -> None:
    assert search.positions_of(np.array([[0, 0, 2, 1], [1, 1, 1, 1]])).tolist() == [[0, 0, 0, 1], [0, 1, 2, 3]]


def test_any_of_several_end_tokens_ends() -> None:
    end = int(MODEL.generate(IDS, max_new_tokens=3)[0, 6])
    ended = MODEL.generate(IDS, max_new_tokens=8, eos_token_id=[799, end])
    assert ended[0, -1] == end
    assert ended.shape[1] <= 7


def chosen(logits: np.ndarray, count: int = 20_000, **settings: object) -> np.ndarray:
    """The share of each token in many draws."""
    config = GenerationConfig(do_sample=True, **settings)
    rows = np.broadcast_to(logits, (count, len(logits)))
    drawn = search.next_token(rows, settings=config, rng=np.random.default_rng(0))
    return np.bincount(drawn, minlength=len(logits)) / count


def test_each_setting_shapes_the_draw() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05]))
    near = 4 * (0.25 / 20_000) ** 0.5  # four standard deviations of a share
    for chosen_by, expected in (
            ({}, [0.5, 0.3, 0.15, 0.05]), ({"temperature": 0.5}, np.array([25, 9, 2.25, 0.25]) / 36.5),
            ({"top_k": 2}, [0.625, 0.375, 0, 0]), ({"top_p": 0.7}, [0.625, 0.375, 0, 0]),
            ({"temperature": 0.5, "top_p": 0.9}, np.array([25, 9, 0, 0]) / 34)):  # at temperature 1, three stay
        assert np.abs(chosen(logits, **chosen_by) - expected).max() <= near, chosen_by


def test_fifty_by_default() -> None:
    shares = chosen(np.zeros(60) - np.arange(60) * 1e-3)
    assert (shares[:50] > 0).all()
    assert not shares[50:].any()


def test_unseeded_draws_differ() -> None:
    one, other = (MODEL.generate(IDS, do_sample=True, max_new_tokens=20) for _ in range(2))
    assert (one != other).any()


def test_a_folder_that_asks_for_more_is_refused(tmp_path: Path) -> None:
    shutil.copytree(find_folder("random-ja"), tmp_path / "m")
    (tmp_path / "m" / "generation_config.json").write_text('{"num_beams": 4}', encoding="utf-8")
    with pytest.raises(ValueError, match="num_beams"):
        GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path / "m").generate(IDS)


def test_help_names_every_setting() -> None:
    names = set(inspect.signature(GPTNeoXJapaneseForCausalLM.generate).parameters)
    assert set(CHECKS) - {"bos_token_id"} <= names


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 6, 256])
def test_a_prompt_in_chunks_gives_the_tokens_of_the_whole(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = np.random.default_rng(0).integers(0, 500, (2, 6))
    mask = np.array([[0, 0, 0, 0, 1, 1], [1, 1, 1, 1, 1, 1]])  # one row whose first chunks are nothing but padding
    alone = [MODEL(row[None, keep], use_cache=False).logits[:, -1] for row, keep in zip(ids, mask == 1, strict=True)]
    seen = []
    monkeypatch.setattr(search, "next_token", lambda logits, **_: (seen.append(logits), greedy(logits))[1])
    monkeypatch.setattr(search, "CHUNK", chunk)
    MODEL.generate(ids, mask, max_new_tokens=1)
    assert np.abs(seen[0] - np.concatenate(alone)).max() <= 1e-12 * np.abs(seen[0]).max()
    assert (MODEL.generate(ids, mask, max_new_tokens=5)[1:] == MODEL.generate(ids[1:], max_new_tokens=5)).all()


def test_scores_are_no_wider_than_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []
    monkeypatch.setattr(search, "forward", lambda ids, *rest, **named: (
        lengths.append(ids.shape[1]), forward(ids, *rest, **named))[1])
    monkeypatch.setattr(search, "CHUNK", 4)
    MODEL.generate([list(range(11))], max_new_tokens=3)
    assert lengths == [4, 4, 3, 1, 1]
