"""Traces as files: every form is read, every size, other tools' names; what is wrong with a file is said."""

import json
from pathlib import Path

import numpy as np
import pytest
from neoxja_np import oracle
from neoxja_np.oracle.aliases import ALIASES, NO_EQUAL, our_name, why_not
from neoxja_np.oracle.readings import SUMMARY, sketch, summary
from neoxja_np.oracle.trace_files import TraceError, load_traces, save_top, save_trace
from neoxja_np.oracle.traces import Trace, reduced
from neoxja_np.tap import tap_names
from tests.oracle.ports import port


@pytest.fixture
def trace() -> Trace:
    return port("odd_half")[2]


def written(trace: Trace, folder: Path, **changes: object) -> Path:
    """A saved trace whose JSON says something else; None: says nothing."""
    path = save_trace(trace, folder)
    about = json.loads(path.with_suffix(".json").read_text()) | changes
    kept = {name: value for name, value in about.items() if value is not None}
    path.with_suffix(".json").write_text(json.dumps(kept))
    return path


def test_a_saved_trace_is_read_as_it_was(trace: Trace, tmp_path: Path) -> None:
    path = save_trace(trace, tmp_path)
    (again,) = load_traces(path)
    assert again.activations.keys() == trace.activations.keys()
    assert all((again.activations[name] == value).all() for name, value in trace.activations.items())
    assert (again.dtype, again.label) == ("float32", "odd_half/chunked")
    about = json.loads(path.with_suffix(".json").read_text())
    assert about["schema"] == "neoxja-trace"
    assert about["version"] == 1
    assert about["taps"]["layers.0.attention.scores"] == {
        "dtype": "float32", "shape": [2, 4, 12, 12], "axes": "B H L L"}
    assert about["position_ids"] == trace.case.positions.tolist()
    assert about["cuts"] == [1, 7]


def test_a_trace_of_other_weights_is_no_trace_of_this_model(trace: Trace, tmp_path: Path) -> None:
    saved = save_trace(oracle.trace_fixture("odd_half")[2], tmp_path)
    assert oracle.compare(load_traces(saved)[0]).code() == 0
    with pytest.raises(ValueError, match=r"odd_half/chunked was made with other weights: its SHA-256 is 0000"):
        oracle.compare(load_traces(written(trace, tmp_path, weights_sha256=64 * "0"))[0])


def test_half_precision_is_known_by_the_tensors(tmp_path: Path) -> None:
    for each in port("odd_half", "float16"):
        halves = {name: value.astype(np.float16) for name, value in each.activations.items()}
        np.savez(tmp_path / "half.npz", **halves)
        (again,) = load_traces(tmp_path / "half.npz", fixture="odd_half", case=each.case_name)
        assert again.dtype == "float16"
        assert oracle.compare(again).code() == 0
        from safetensors.numpy import save_file
        save_file({name: np.ascontiguousarray(value) for name, value in halves.items()}, tmp_path / "half.safetensors")
        (again,) = load_traces(tmp_path / "half.safetensors", fixture="odd_half", case=each.case_name)
        assert again.dtype == "float16"
        (told,) = load_traces(tmp_path / "half.npz", fixture="odd_half", case=each.case_name, dtype="float32")
        assert told.dtype == "float32"


def test_npz_and_npy_are_read_too(trace: Trace, tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", **trace.activations)
    (tmp_path / "loose").mkdir()
    for name, value in trace.activations.items():
        np.save(tmp_path / "loose" / f"{name}.npy", value)
    for path in (tmp_path / "mine.npz", tmp_path / "loose"):
        (again,) = load_traces(path, fixture="odd_half", case="chunked")
        assert oracle.compare(again).code() == 0
    assert len(load_traces(tmp_path, fixture="odd_half", case="chunked")) == 2


def test_without_a_fixture_what_was_run_stands_in_the_json(trace: Trace, tmp_path: Path) -> None:
    path = written(trace, tmp_path, fixture="", case="")
    (again,) = load_traces(path)
    assert again.case.positions.tolist() == trace.case.positions.tolist()
    assert again.case.cuts == trace.case.cuts
    from neoxja_np.oracle.fixture import load_fixture
    assert oracle.compare(again, load_fixture("odd_half").model()).code() == 0


@pytest.mark.parametrize("size", ["sketch", "summary"])
@pytest.mark.parametrize("mistake", ["ln_ddof1", "rope_interleaved", "gelu_tanh"])
def test_small_traces_say_what_is_wrong(size: str, mistake: str, tmp_path: Path) -> None:
    for each in port("odd_half", mistakes=[mistake]):
        save_trace(reduced(each, size), tmp_path)
    again = load_traces(tmp_path)
    assert {each.size for each in again} == {size}
    assert oracle.diagnose(again).names == [mistake]


def test_the_likeliest_tokens_are_enough_for_a_name(tmp_path: Path) -> None:
    save_top(port("odd_half", mistakes=["ln_ddof1"]), tmp_path / "top.json")
    again = load_traces(tmp_path / "top.json")
    assert [each.case_name for each in again] == ["plain", "left_padded", "chunked"]
    assert oracle.diagnose(again).names == ["ln_ddof1"]
    assert load_traces(tmp_path)[0].size == "top"


def test_summary_and_sketch_by_hand() -> None:
    value, counts = np.array([[1.0, 2.0], [3.0, -9.0]]), np.array([[True, True], [True, False]])
    assert summary(value, counts).tolist() == pytest.approx([6, 2, (2 / 3) ** 0.5, 1, 3])
    assert len(SUMMARY) == 5
    found = sketch(value, counts)
    assert found[-1] == pytest.approx(14**0.5)
    mask = (1 << 64) - 1
    for bit in (0, 63):
        total = 0.0
        for k, number in enumerate([1.0, 2.0, 3.0, 0.0]):
            z = (k + 1) * 0x9E3779B97F4A7C15 & mask
            z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
            z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
            total += -number if (z ^ z >> 31) >> bit & 1 else number
        assert found[bit] == pytest.approx(total)


@pytest.mark.parametrize(("changes", "message"), [
    ({"schema": "other"}, 'expected "schema": "neoxja-trace"'), ({"version": 9}, "version 9 of the schema"),
    ({"fixture": "none"}, "no fixture is called 'none'"), ({"case": "long"}, "has no case 'long'; it has plain"),
    ({"dtype": "int8"}, "dtype is 'int8', expected one of float64"), ({"size": "tiny"}, "size is 'tiny'"),
    ({"deviations": ["mine"]}, "the deviation 'mine' is no known mistake"),
    ({"fixture": "", "case": "", "input_ids": None}, "what was run")])
def test_what_is_wrong_with_a_description_is_said(trace: Trace, tmp_path: Path, changes: dict, message: str) -> None:
    with pytest.raises(TraceError, match=message):
        load_traces(written(trace, tmp_path, **changes))


def test_what_is_no_trace_is_said(trace: Trace, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no trace"):
        load_traces(tmp_path / "none.npz")
    with pytest.raises(TraceError, match="holds no trace"):
        load_traces(tmp_path)
    for name in ("broken.npz", "broken.safetensors"):
        (tmp_path / name).write_bytes(b"nothing")
        with pytest.raises(ValueError, match=r"cannot be read|not a complete safetensors"):
            load_traces(tmp_path / name, fixture="odd_half", case="plain")
    (tmp_path / "x.txt").write_text("a")
    with pytest.raises(TraceError, match=r"expected \.safetensors"):
        load_traces(tmp_path / "x.txt", fixture="odd_half", case="plain")
    np.savez(tmp_path / "pickled.npz", logits=np.array([{}], object))
    with pytest.raises(TraceError, match="cannot be read"):
        load_traces(tmp_path / "pickled.npz", fixture="odd_half", case="plain")


@pytest.mark.parametrize(("cases", "message"), [
    ({"plain": [[[1, -0.1]]]}, "for each of 2 rows"),
    ({"plain": [[[71.5, -1]], [[1, -1]]]}, "whole numbers from 0 to 72"),
    ({"plain": [[[1, -1]], [[99, -1]]]}, "whole numbers from 0 to 72"), ({"long": []}, "has no case 'long'"),
    (None, 'expected "schema": "neoxja-top" and "cases"')])
def test_what_is_wrong_with_likeliest_tokens_is_said(tmp_path: Path, cases: object, message: str) -> None:
    about = {"schema": "neoxja-top", "version": 1, "fixture": "odd_half", "cases": cases}
    (tmp_path / "top.json").write_text(json.dumps(about))
    with pytest.raises(TraceError, match=message):
        load_traces(tmp_path / "top.json")


def test_other_tools_names() -> None:
    known = set(tap_names(12))
    for table in ALIASES.values():
        for pattern in table:
            name = pattern.replace(r"(\d+)", "11").replace("(?:_ext)?", "").replace("\\", "")
            ours, _ = our_name(name)
            assert ours in known, name
    assert our_name("blocks.3.attn.hook_rot_q")[0] == "layers.3.attention.query_rotary"
    assert our_name("Qcur-10")[0] == "layers.10.attention.query_rotary"
    assert our_name("layers.0.output") == ("layers.0.output", None)
    assert "the last layer's bias" in why_not("gpt_neox_japanese.layers.1.attention.dense")
    assert why_not("mine") == "no tap is called so"
    for pattern in NO_EQUAL:
        assert why_not(pattern.replace(r"\d+", "0").replace(".*", "").replace("\\", "").replace(
            "(bqkv|kqv|attn_out)", "bqkv")) != "no tap is called so"


def test_heads_come_before_tokens_whatever_tool_wrote_them(trace: Trace, tmp_path: Path) -> None:
    def foreign(name: str) -> np.ndarray:
        return np.moveaxis(trace.activations[name], 1, 2)
    np.savez(tmp_path / "lens.npz", **{
        "blocks.0.attn.hook_q": foreign("layers.0.attention.query"),
        "blocks.0.attn.hook_z": foreign("layers.0.attention.context"),
        "blocks.1.hook_resid_post": trace.activations["layers.1.output"],
        "blocks.0.ln1.hook_normalized": np.zeros((2, 12, 48))})
    (again,) = load_traces(tmp_path / "lens.npz", fixture="odd_half", case="chunked")
    found = oracle.compare(again)
    assert found.coverage["compared"] == 3
    assert found.coverage["refused"] == 1
    assert found.first_bad is None
    assert "before gain and bias" in next(row.reason for row in found.rows if row.state == "refused")


def test_a_folder_of_fixtures_is_read_whole(tmp_path: Path) -> None:
    from neoxja_np.oracle.fixture import load_fixture
    from neoxja_np.oracle.fixture_files import write_fixture
    for name in ("small_variance", "long"):
        write_fixture(load_fixture(name), tmp_path / name)
    assert [each.label for each in load_traces(tmp_path)] == [
        f"{name}/{case}" for name in ("long", "small_variance") for case in ("plain", "left_padded", "chunked")]


def test_a_replay_takes_all_numbers(trace: Trace) -> None:
    for size in ("sketch", "summary", "top"):
        with pytest.raises(ValueError, match=f"is a trace of size '{size}': to replay an operator takes all numbers"):
            oracle.replay(reduced(trace, size))


def test_taps_by_pattern() -> None:
    found = oracle.trace_fixture("small_variance", taps=["logits", "layers.1.mlp.*"])[0].activations
    assert list(found) == [*(f"layers.1.mlp.{name}" for name in ("dense_h_to_4h", "act", "dense_4h_to_h")), "logits"]
    with pytest.raises(ValueError, match=r"no tap is called 'layers\.7\.\*'; there are embed_in, "):
        oracle.trace_fixture("small_variance", taps=["logits", "layers.7.*"])


@pytest.mark.parametrize(("changes", "message"), [
    ({"input_ids": [[1] * 12] * 2}, "input_ids is not that of odd_half/chunked"),
    ({"cuts": [3]}, "cuts is not that of"),
    ({"missing": ["logits"]}, "missing must be an object"), ({"deviations": [["relu"]]}, "is no known mistake")])
def test_what_was_run_must_be_the_fixtures_case(trace: Trace, tmp_path: Path, changes: dict, message: str) -> None:
    with pytest.raises(TraceError, match=message):
        load_traces(written(trace, tmp_path, **changes))


def test_the_json_knows_better_than_the_caller(tmp_path: Path) -> None:
    for each in port("odd_half"):
        save_trace(each, tmp_path)
    assert [each.case_name for each in load_traces(tmp_path, case="chunked")] == ["plain", "left_padded", "chunked"]


@pytest.mark.parametrize("shape", [(), (5, 12), (3, 12, 6)])
def test_tables_of_absurd_shapes_are_refused(trace: Trace, shape: tuple[int, ...]) -> None:
    from dataclasses import replace
    wrong = replace(trace, activations=trace.activations | {"rotary.cos": np.zeros(shape)})
    row = next(row for row in oracle.compare(wrong).rows if row.tap == "rotary.cos")
    assert row.state == "refused"


@pytest.mark.parametrize(("foreign", "ours", "changed"), [
    ("attn_norm-1", "layers.1.input_layernorm", False), ("ffn_norm-1", "layers.1.post_attention_layernorm", False),
    ("Vcur-0", "layers.0.attention.value", True), ("Kcur-0", "layers.0.attention.key_rotary", True),
    ("embed_out", "logits", False), ("gpt_neox_japanese.layers.0", "layers.0.output", False),
    ("gpt_neox_japanese.layers.0.post_attention_layernorm", "layers.0.post_attention_layernorm", False),
    ("blocks.1.hook_resid_mid", "layers.1.attention_residual", False),
    ("blocks.0.mlp.hook_post", "layers.0.mlp.act", False), ("blocks.0.attn.hook_k", "layers.0.attention.key", True),
    ("kq_soft_max_ext-1", "layers.1.attention.weights", False)])
def test_foreign_names_mean_this(foreign: str, ours: str, changed: bool) -> None:
    name, change = our_name(foreign)
    assert (name, change is not None) == (ours, changed)
