"""Traces as files: NAME.safetensors, NAME.npz or a folder of .npy, and what was run in NAME.json.

A JSON file alone may hold the likeliest next tokens of some cases: the level that needs no tensors.
"""

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError

from neoxja_np.arrays import Array
from neoxja_np.checkpoint.safetensors_file import read_header, write_tensors
from neoxja_np.checkpoint.widen import widen
from neoxja_np.files import read_json
from neoxja_np.oracle.aliases import in_our_names
from neoxja_np.oracle.cases import Case, make_case
from neoxja_np.oracle.fixture import fixture_names, load_fixture
from neoxja_np.oracle.mistakes import MISTAKES
from neoxja_np.oracle.precision import DTYPES
from neoxja_np.oracle.readings import READINGS, TOP_IDS, top_of
from neoxja_np.oracle.traces import Trace
from neoxja_np.writing import write_files, write_json

FULL_NAMES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}
SCHEMA, TOP_SCHEMA, VERSION = "neoxja-trace", "neoxja-top", 1
AXES = {"query_key_value": "B L 3D", "query": "B H L K", "key": "B H L K", "value": "B H L K",
        "query_rotary": "B H L K", "key_rotary": "B H L K", "scores": "B H L L",
        "weights": "B H L L", "context": "B H L K", "dense_h_to_4h": "B L F", "act": "B L F",
        "cos": "B L R", "sin": "B L R", "logits": "B L V"}


class TraceError(ValueError):
    """A file that is no trace; the message says what was found and what is expected."""


# ---- writing ----


def save_trace(trace: Trace, folder: Path, name: str = "") -> Path:
    """Writes folder/NAME.safetensors and NAME.json; NAME is the case's if none is given."""
    name = name or trace.case_name or "trace"
    tensors = {tap: np.ascontiguousarray(value) for tap, value in trace.activations.items()}
    about = describe(trace)
    write_files(folder, {
        f"{name}.safetensors": lambda path: write_tensors(tensors, path),
        f"{name}.json": lambda path: write_json(path, about)})
    return folder / f"{name}.safetensors"


def describe(trace: Trace) -> dict[str, Any]:
    """What stands in NAME.json."""
    case = trace.case
    return {
        "schema": SCHEMA, "version": VERSION, "producer": trace.producer, "size": trace.size,
        "dtype": trace.dtype, "fixture": trace.fixture, "case": trace.case_name,
        "angle_dtype": trace.angle_dtype, "weights_sha256": trace.weights_sha256,
        "config": dict(trace.config),
        "input_ids": case.input_ids.tolist(), "attention_mask": case.attention_mask.tolist(),
        "position_ids": case.positions.tolist(), "cuts": list(case.cuts),
        "taps": {tap: {"dtype": value.dtype.name, "shape": list(value.shape),
                       "axes": AXES.get(tap.rpartition(".")[2], "B L D")
                       if trace.size == "full" else trace.size}
                 for tap, value in trace.activations.items()},
        "missing": dict(trace.missing), "deviations": list(trace.deviations)}


# ---- reading ----


def load_traces(path: Path, *, fixture: str = "", case: str = "", dtype: str = "") -> list[Trace]:
    """The trace in a file, or every one in a folder.

    fixture, case: what was run, where no JSON beside says it. dtype: what was computed in, instead
    of what the JSON or else the tensors say. Raises FileNotFoundError, TraceError.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is no trace {str(path)!r}")
    if path.is_dir() and not list(path.glob("*.npy")):
        found = [trace for part in parts_of(path)
                 for trace in load_traces(part, fixture=fixture, case=case, dtype=dtype)]
        if not found:
            raise TraceError(f"{path} holds no trace: expected NAME.safetensors, NAME.npz, a "
                             "folder of .npy, or NAME.json with the likeliest tokens")
        return sorted(found, key=in_order)
    if path.suffix == ".json":
        return top_traces(path, read_about(path), fixture, dtype)
    about = read_about(path.with_suffix(".json")) if path.with_suffix(".json").is_file() else {}
    return [one_trace(path, about, fixture=fixture, case=case, dtype=dtype)]


def parts_of(folder: Path) -> list[Path]:
    """What holds a trace each in a folder, or where nothing does, in the folders within it.

    Of a fixture as `neoxja fixtures make` writes it, what is in traces/.
    """
    if (folder / "traces").is_dir():
        return parts_of(folder / "traces")
    tensors = [part for part in sorted(folder.iterdir()) if part.suffix in (".safetensors", ".npz")
               or (part.is_dir() and list(part.glob("*.npy")))]
    alone = [part for part in sorted(folder.glob("*.json"))
             if part.stem not in {other.stem for other in tensors}]
    inner = [part for part in sorted(folder.iterdir()) if part.is_dir()]
    return [*tensors, *alone] or [part for each in inner for part in parts_of(each)]


def in_order(trace: Trace) -> tuple[str, int]:
    """By fixture, and its cases as they stand there: the plain one first."""
    cases = list(load_fixture(trace.fixture).cases) if trace.fixture else []
    return trace.fixture, cases.index(trace.case_name) if trace.case_name in cases else 0


def one_trace(path: Path, about: Mapping[str, Any], *, fixture: str, case: str, dtype: str,
              ) -> Trace:
    """A trace from tensors and what is said of them."""
    fixture, case = str(about.get("fixture") or fixture), str(about.get("case") or case)
    tensors, stored = read_tensors(path)
    activations, deviations = in_our_names(tensors), tuple(about.get("deviations") or ())
    missing = about.get("missing") or {}
    if not isinstance(missing, dict):
        raise TraceError(f"{path}: missing must be an object, {{tap: why}}, got {missing!r}")
    if unknown := [name for name in deviations if str(name) not in MISTAKES]:
        raise TraceError(f"{path}: the deviation {unknown[0]!r} is no known mistake; there are "
                         f"{', '.join(MISTAKES)}")
    kind = dtype or str(about.get("dtype", "")) or stored
    if kind not in DTYPES:
        raise TraceError(f"{path}: dtype is {kind!r}, expected one of {', '.join(DTYPES)}")
    size = str(about.get("size", "full"))
    if size not in READINGS:
        raise TraceError(f"{path}: size is {size!r}, expected one of {', '.join(READINGS)}")
    return Trace(the_case(path, about, fixture, case), activations, dtype=kind, size=size,
                 producer=str(about.get("producer", "")), fixture=fixture, case_name=case,
                 angle_dtype=str(about.get("angle_dtype", "float32")),
                 weights_sha256=str(about.get("weights_sha256", "")),
                 config=about.get("config") or {}, missing=missing,
                 deviations=deviations)


def the_case(path: Path, about: Mapping[str, Any], fixture: str, case: str) -> Case:
    """What was run: a fixture's case by name, or as the JSON says."""
    if fixture:
        if fixture not in fixture_names():
            raise TraceError(f"{path}: no fixture is called {fixture!r}; there are "
                             f"{', '.join(fixture_names())}")
        cases = load_fixture(fixture).cases
        if case not in cases:
            raise TraceError(f"{path}: fixture {fixture} has no case {case!r}; it has "
                             f"{', '.join(cases)}")
        for name, ours in (("input_ids", cases[case].input_ids),
                           ("attention_mask", cases[case].attention_mask),
                           ("position_ids", cases[case].positions), ("cuts", cases[case].cuts)):
            if about.get(name) is not None and not np.array_equal(about[name], ours):
                raise TraceError(f"{path}: {name} is not that of {fixture}/{case}: run the case as "
                                 "it is, or name no fixture")
        return cases[case]
    if about.get("input_ids") is None:
        raise TraceError(f"{path}: what was run? expected {path.with_suffix('.json').name} beside "
                         "it, with input_ids or a fixture and a case; or name fixture and case")
    return make_case(about["input_ids"], about.get("attention_mask"), about.get("position_ids"),
                     about.get("cuts") or ())


def read_about(path: Path) -> dict[str, Any]:
    """The JSON beside a trace. Raises TraceError for another schema or version."""
    about = read_json(path)
    if about.get("schema") not in (SCHEMA, TOP_SCHEMA):
        raise TraceError(f'{path}: expected "schema": "{SCHEMA}" or "{TOP_SCHEMA}", got '
                         f"{about.get('schema')!r}")
    if about.get("version") != VERSION:
        raise TraceError(f"{path}: version {about.get('version')!r} of the schema; this package "
                         f"reads version {VERSION}")
    return about


def read_tensors(path: Path) -> tuple[dict[str, Array], str]:
    """Tensors of a .safetensors or .npz file, or of a folder of .npy, and the dtype of most.

    Raises TraceError.
    """
    readers: dict[str, Callable[[], dict[str, Array]]] = {
        ".safetensors": lambda: read_safetensors(path),
        ".npz": lambda: dict(np.load(path, allow_pickle=False).items()),
        "": lambda: {part.stem: np.load(part, allow_pickle=False)
                     for part in sorted(path.glob("*.npy"))}}
    suffix = "" if path.is_dir() else path.suffix
    if suffix not in readers:
        raise TraceError(f"{path}: expected .safetensors, .npz, .json or a folder of .npy")
    try:
        tensors = readers[suffix]()
    except (SafetensorError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise TraceError(f"{path} cannot be read: {error}") from None
    kinds = [tensor.dtype for tensor in read_header(path).values()] if (
        suffix == ".safetensors") else [value.dtype.name for value in tensors.values()]
    most = max(sorted(set(kinds)), key=kinds.count, default="float32")
    return tensors, FULL_NAMES.get(most, most)


def read_safetensors(path: Path) -> dict[str, Array]:
    """The tensors of a file; half precision is widened."""
    return {name: widen(tensor, np.dtype(np.float64 if tensor.dtype == "F64" else np.float32))
            for name, tensor in read_header(path).items()}


def top_traces(path: Path, about: Mapping[str, Any], fixture: str = "", dtype: str = "",
               ) -> list[Trace]:
    """The cases of a JSON: {case: for each row a list of [id, log-probability]}."""
    fixture = str(about.get("fixture") or fixture)
    kind = dtype or str(about.get("dtype", "float32"))
    if kind not in DTYPES:
        raise TraceError(f"{path}: dtype is {kind!r}, expected one of {', '.join(DTYPES)}")
    if about["schema"] != TOP_SCHEMA or not isinstance(about.get("cases"), dict):
        raise TraceError(f'{path}: expected "schema": "{TOP_SCHEMA}" and "cases", or tensors '
                         "beside it")
    traces = []
    for name, rows in about["cases"].items():
        case = the_case(path, {}, fixture, name)
        table = np.asarray(rows, np.float64)
        if table.ndim != 3 or table.shape[0] != len(case.input_ids) or table.shape[2] != 2:
            raise TraceError(f"{path}: case {name}: expected for each of {len(case.input_ids)} "
                             f"rows a list of [id, log-probability], got shape {list(table.shape)}")
        ids = table[..., 0].astype(np.int64)
        if (ids != table[..., 0]).any() or not (
                (ids >= 0) & (ids < load_fixture(fixture).config.vocab_size)).all():
            raise TraceError(f"{path}: case {name}: ids must be whole numbers from 0 to "
                             f"{load_fixture(fixture).config.vocab_size - 1}")
        traces.append(Trace(case, {TOP_IDS: table[..., 1]}, size="top", top_ids=ids,
                            dtype=kind, fixture=fixture,
                            producer=str(about.get("producer", "")), case_name=name))
    return traces


def save_top(traces: list[Trace], path: Path) -> None:
    """Writes the likeliest next tokens of full traces of one fixture."""
    cases = {}
    for trace in traces:
        ids, found = top_of(trace.activations["logits"])
        cases[trace.case_name] = np.stack([ids, found], axis=-1).tolist()
    about = {"schema": TOP_SCHEMA, "version": VERSION, "fixture": traces[0].fixture,
             "dtype": traces[0].dtype, "producer": traces[0].producer, "cases": cases}
    write_files(path.parent, {path.name: lambda part: part.write_text(
        json.dumps(about) + "\n", encoding="utf-8")})
