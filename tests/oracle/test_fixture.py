"""Fixtures: what the formula gives, in plain Python; that all precisions hold it; what a fixture must have."""

import numpy as np
import pytest
from neoxja_np import GPTNeoXJapaneseForCausalLM
from neoxja_np.oracle.fixture import draw, fixture_names, fnv1a, load_fixture, splitmix64
from neoxja_np.oracle.fixture_files import write_fixture
from neoxja_np.oracle.roundings import ROUNDINGS
from neoxja_np.oracle.tables import first_numbers
from neoxja_np.oracle.trace_files import load_traces
from tests.conftest import ROOT

FIXTURES = fixture_names()
FOLDER = ROOT / "neoxja_np" / "oracle" / "fixtures"


def one_number(name: str, k: int, mean: float, step: float, reach: int) -> float:
    """The formula of neoxja_np/oracle/fixture.py with Python's whole numbers."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    z = (seed + (k + 1) * 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    z ^= z >> 31
    return mean + step * (((z >> 32) * (2 * reach + 1) >> 32) - reach)


def test_the_formula() -> None:
    drawn = (1.0, 2.0**-6, 31)
    expected = [[one_number("a.b", 3 * i + j, *drawn) for j in range(3)] for i in range(2)]
    assert draw("a.b", (2, 3), drawn).tolist() == expected


def test_known_answers_of_the_two_functions() -> None:
    # the first outputs of splitmix64 seeded with 1234567, and FNV's own example
    states = np.uint64(1234567) + np.arange(1, 4, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    assert splitmix64(states).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert fnv1a("a") == 0xAF63DC4C8601EC8C


@pytest.mark.parametrize("name", FIXTURES)
def test_every_precision_holds_the_weights(name: str) -> None:
    for tensor, array in load_fixture(name).tensors().items():
        for rounding in ROUNDINGS.values():
            assert (rounding(array) == array).all(), tensor
        drawn = load_fixture(name).rule(tensor)
        assert array.reshape(-1)[-1] == one_number(tensor, array.size - 1, *drawn)


@pytest.mark.parametrize("name", FIXTURES)
def test_a_fixture_has_the_three_cases(name: str) -> None:
    fixture = load_fixture(name)
    assert list(fixture.cases) == ["plain", "left_padded", "chunked"]
    assert (fixture.cases["left_padded"].attention_mask == 0).any()
    assert fixture.cases["chunked"].cuts
    assert (fixture.cases["plain"].attention_mask == 1).all()


def test_the_fixtures_together_have_what_mistakes_need() -> None:
    configs = [load_fixture(name).config for name in FIXTURES]
    assert {config.tie_word_embeddings for config in configs} == {True, False}
    assert {config.rotary_pct for config in configs} == {0.25, 0.5, 1.0}
    assert max(load_fixture("long").cases["plain"].positions.reshape(-1)) == 2047


def read_table(text: str) -> tuple[list[str], np.ndarray]:
    """All of a table but the numbers of its tensors; and those."""
    words: list[str] = []
    numbers: list[float] = []
    for line in text.splitlines():
        head, bar, figures = line.rpartition(" | ")
        name, _, length = head.rpartition(" | ")
        if bar and not line.startswith("#"):
            numbers += map(float, [length, *figures.replace("…", " ").split()])
            words.append(name)
        else:
            words.append(line)
    return words, np.array(numbers)


@pytest.mark.parametrize("name", FIXTURES)
def test_the_table_of_first_numbers_is_what_the_model_gives(name: str) -> None:
    """To the sixth digit: the last ones are another BLAS's to choose."""
    stored, numbers = read_table((FOLDER / f"{name}.txt").read_text(encoding="utf-8"))
    words, got = read_table(first_numbers(load_fixture(name)))
    assert words == stored
    assert np.allclose(got, numbers, rtol=1e-6, atol=1e-9)


def test_a_fixture_as_files_is_a_model_folder(tmp_path) -> None:
    fixture = load_fixture("odd_quarter")
    for dtype in ("float16", "float32"):
        write_fixture(fixture, tmp_path / dtype, dtype)
        model = GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path / dtype, dtype="float64")
        case = fixture.cases["plain"]
        assert (model(case.input_ids).logits == fixture.model()(case.input_ids).logits).all()
    traces = load_traces(tmp_path / "float32" / "traces")
    assert {trace.case_name for trace in traces} == set(fixture.cases)
    assert {path.name for path in (tmp_path / "float32").iterdir()} == {
        "config.json", "model.safetensors", "fixture.json", "first_numbers.txt", "top.json", "traces"}


def test_another_name_lists_the_fixtures() -> None:
    with pytest.raises(ValueError, match="no fixture is called 'small'; there are small_variance, "):
        load_fixture("small")
