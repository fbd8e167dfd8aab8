"""The verbs of the oracle, from a trace to a name."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from neoxja_np import oracle
from neoxja_np.cli import main
from neoxja_np.oracle.fixture import fixture_names
from neoxja_np.oracle.trace_files import save_trace

Read = Callable[[], tuple[str, str]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Read:
    """What was printed since the last look: to stdout, to stderr."""
    return lambda: tuple(capsys.readouterr())  # type: ignore[return-value]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The traces of a port with a mistake."""
    with oracle.inject("gelu_tanh"):
        for trace in oracle.trace_fixture("small_variance"):
            save_trace(trace, tmp_path / "mine")
    return tmp_path / "mine"


def test_trace_and_compare(tmp_path: Path, said: Read) -> None:
    assert main(["trace", "--fixture", "small_variance", "-o", str(tmp_path / "mine")]) == 0
    assert [path.name for path in sorted((tmp_path / "mine").iterdir())] == [
        f"{case}.{end}" for case in ("chunked", "left_padded", "plain") for end in ("json", "safetensors")]
    assert main(["compare", str(tmp_path / "mine")]) == 0
    out, _ = said()
    assert [line for line in out.splitlines() if not line.startswith(" ") and line] == [
        f"small_variance/{case}" for case in ("plain", "left_padded", "chunked")]
    assert main(["compare", str(tmp_path / "mine" / "plain.safetensors"), "--json"]) == 0
    assert json.loads(said()[0])["traces"][0]["coverage"] == {"compared": 39, "not given": 0, "refused": 0}


def test_compare_replay_and_diagnose_a_wrong_one(mine: Path, said: Read) -> None:
    assert main(["compare", str(mine)]) == 1
    assert "first bad: layers.0.mlp.act" in said()[0]
    assert main(["replay", str(mine / "plain.safetensors")]) == 1
    out, _ = said()
    assert [line.split()[1] for line in out.splitlines() if "FAIL" in line] == [f"layers.{i}.mlp.act" for i in range(2)]
    assert main(["diagnose", str(mine)]) == 1
    assert said()[0].startswith("NAMED gelu_tanh: ")
    assert main(["diagnose", str(mine), "--json"]) == 1
    assert json.loads(said()[0])["names"] == ["gelu_tanh"]


def test_a_model_folder_on_a_text_or_on_ids(tmp_path: Path, said: Read) -> None:
    model = ["--model", "random-ja"]
    assert main(["trace", *model, "--text", "吾輩は猫", "--cuts", "2", "-o", str(tmp_path / "a")]) == 0
    assert main(["compare", str(tmp_path / "a"), *model]) == 0
    ids = ["--ids", "[[0, 3, 4], [5, 6, 7]]", "--mask", "[[0, 1, 1], [1, 1, 1]]", "--taps", "logits,embed_in"]
    assert main(["trace", *model, *ids, "--dtype", "float64", "-o", str(tmp_path / "b")]) == 0
    (trace,) = oracle.load_traces(tmp_path / "b")
    assert list(trace.activations) == ["embed_in", "logits"]
    assert trace.dtype == "float64"
    assert trace.case.attention_mask.tolist() == [[0, 1, 1], [1, 1, 1]]
    assert main(["compare", str(tmp_path / "b"), *model]) == 2
    assert main(["compare", str(tmp_path / "b"), *model, "--taps", "logits,embed_*"]) == 0
    said()
    assert main(["compare", str(tmp_path / "b"), *model, "--taps", "logit"]) == 2
    assert "no tap is called 'logit'; there are embed_in, " in said()[1]
    assert main(["compare", str(tmp_path / "b")]) == 2
    assert "which model was traced?" in said()[1]
    assert main(["compare", str(tmp_path / "b"), "--model", "tiny-ja"]) == 2
    assert "was made with other weights" in said()[1]


def test_the_precision_of_the_angles(tmp_path: Path) -> None:
    for dtype in ("float32", "float64"):
        arguments = ["--fixture", "long", "--dtype", "float64", "--angle-dtype", dtype, "--taps", "rotary.cos"]
        assert main(["trace", *arguments, "-o", str(tmp_path / dtype)]) == 0
    one, other = (oracle.load_traces(tmp_path / dtype)[0].activations["rotary.cos"] for dtype in ("float32", "float64"))
    assert 1e-7 < abs(one - other).max() < 1e-3


@pytest.mark.parametrize("size", ["sketch", "summary", "top"])
def test_small_traces(size: str, tmp_path: Path, said: Read) -> None:
    assert main(["trace", "--fixture", "small_variance", "--size", size, "-o", str(tmp_path)]) == 0
    assert main(["compare", str(tmp_path)]) == 0
    assert main(["diagnose", str(tmp_path)]) == 0
    assert "CLEAN" in said()[0]


@pytest.mark.parametrize(("arguments", "message"), [
    (["trace", "--ids", "3", "-o", "x"], "--ids: expected a list such as [3, 1, 4], got '3'"),
    (["trace", "--ids", "[3", "-o", "x"], "--ids: expected JSON such as [3, 1, 4], got '[3'"),
    (["trace", "--ids", "[3]", "--size", "top", "-o", "x"], "--size top needs --fixture"),
    (["trace", "--fixture", "long", "--size", "top", "--taps", "logits", "-o", "x"], "it goes without --taps"),
    (["trace", "--fixture", "none", "-o", "x"], "no fixture is called 'none'"),
    (["trace", "--ids", "[3]", "--taps", "none", "-o", "x"], "no tap is called 'none'; there are embed_in, "),
    (["fixtures", "make", "none", "-o", "x"], "no fixture is called 'none'"),
    (["selftest", "--mistake", "none"], "no mistake of the model is called 'none'; there are qkv_concat, "),
])
def test_what_cannot_be_done_is_said_and_nothing_written(
        arguments: list[str], message: str, tmp_path: Path, said: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    assert message in said()[1]
    assert not list(tmp_path.iterdir())


def test_a_trace_that_cannot_be_read_is_incomplete(tmp_path: Path, said: Read) -> None:
    for verb in ("compare", "replay", "diagnose"):
        assert main([verb, str(tmp_path / "none")]) == 2
        assert "there is no trace" in said()[1]


def test_fixtures(tmp_path: Path, said: Read) -> None:
    assert main(["fixtures", "list"]) == 0
    assert [line.split()[0] for line in said()[0].splitlines()] == fixture_names()
    assert main(["fixtures", "make", "small_variance", "-o", str(tmp_path)]) == 0
    assert main(["compare", str(tmp_path / "small_variance")]) == 0
    assert main(["diagnose", str(tmp_path / "small_variance" / "top.json")]) == 0


def test_selftest(said: Read) -> None:
    assert main(["selftest", "--mistake", "ln_ddof1", "--mistake", "rope_pos_plus1"]) == 0
    out, _ = said()
    assert "| ln_ddof1 | variance divided by D - 1 |" in out
    assert main(["selftest", "--mistake", "hidden_index"]) == 1
    said()
    assert main(["selftest", "--mistake", "rope_pct_25", "--json"]) == 0
    assert set(json.loads(said()[0])["rope_pct_25"]) == set(fixture_names())


def test_explain(said: Read) -> None:
    assert main(["explain", "rope_interleaved"]) == 0
    assert "https://github.com/kekzl/imp/issues/503" in said()[0]
    assert main(["explain", "rope_interleave"]) == 1
    assert "rope_interleaved" in said()[1]
