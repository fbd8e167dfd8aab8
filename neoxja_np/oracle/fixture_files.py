"""A fixture as files: a model folder, what a right port gives, and a first look at it."""

from pathlib import Path

from neoxja_np.checkpoint.safetensors_file import write_tensors
from neoxja_np.files import read_text
from neoxja_np.oracle.fixture import FOLDER, Fixture
from neoxja_np.oracle.trace_files import save_top, save_trace
from neoxja_np.oracle.traces import trace_fixture
from neoxja_np.writing import write_files, write_json


def write_fixture(fixture: Fixture, folder: Path, dtype: str = "float32") -> None:
    """Writes a model folder, with fixture.json, first_numbers.txt and traces/ in float64."""
    tensors = {name: array.astype(dtype) for name, array in fixture.tensors().items()}
    config = {**fixture.config.to_dict(), "architectures": ["GPTNeoXJapaneseForCausalLM"],
              "dtype": dtype}
    spec = read_text(FOLDER / f"{fixture.name}.json")
    table = read_text(FOLDER / f"{fixture.name}.txt")
    write_files(folder, {
        "model.safetensors": lambda path: write_tensors(tensors, path),
        "config.json": lambda path: write_json(path, config),
        "fixture.json": lambda path: path.write_text(spec, encoding="utf-8"),
        "first_numbers.txt": lambda path: path.write_text(table, encoding="utf-8")})
    traces = trace_fixture(fixture.name, "float64")
    for each in traces:
        save_trace(each, folder / "traces")
    save_top(traces, folder / "top.json")
