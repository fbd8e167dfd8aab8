"""The layout of the package: what may import what, how long the core is, what is documented."""

import ast
import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import neoxja_np
import pytest
from neoxja_np import GPTNeoXJapaneseConfig, weights
from neoxja_np.checkpoint import folder
from tests.conftest import ROOT
from tests.shape_contract import contracted, read

PACKAGE = ROOT / "neoxja_np"
CORE = ["arrays", "files", "tap", "config", "weights", "cache", "model", "layers/*", "tokenizer/vocabulary",
        "tokenizer/normalize", "tokenizer/subword", "tokenizer/decode", "generation/processors", "generation/sampler"]
# From a part of the package to the parts that it may stand on. What is not named may be used by nobody below.
MAY_IMPORT = {
    "arrays": set(), "files": set(), "writing": set(), "tap": {"arrays"}, "cache": {"arrays"},
    "layers": {"arrays", "cache", "tap"},
    "config": {"files", "layers"}, "weights": {"arrays", "config", "layers"},
    "model": {"arrays", "cache", "config", "layers", "tap", "weights"}, "tokenizer": {"arrays", "files", "writing"},
    "checkpoint": {"arrays", "files", "writing"}, "inputs": {"arrays", "cache", "config", "layers"},
    "generation": {"arrays", "cache", "config", "layers", "model", "weights"},
    "pretrained": {"arrays", "cache", "checkpoint", "config", "files", "generation", "inputs", "layers", "model", "tap",
                   "weights", "writing"},
    "gradients": {"arrays", "config", "layers", "model", "tap", "weights"},
    "training": {"arrays", "checkpoint", "files", "gradients", "layers", "model", "pretrained", "weights", "writing"},
    "views": {"arrays", "tokenizer"}, "learn": {"arrays", "layers", "writing"},
    "oracle": {"arrays", "checkpoint", "config", "files", "generation", "layers", "model", "pretrained", "tap",
               "tokenizer", "weights", "writing"},
    "convert": {"checkpoint", "config", "files", "weights", "writing"},
    "verify": {"arrays", "checkpoint", "config", "files", "pretrained", "tokenizer", "weights"},
    "pytest_plugin": {"oracle", "pretrained"},
    "cli": {"checkpoint", "config", "convert", "files", "learn", "oracle", "pretrained", "tokenizer", "training",
            "verify", "views", "weights"},
    "__main__": {"cli"},
}
OUTSIDE = {"numpy", "safetensors", "tqdm"}
OPTIONAL = {  # by folder: what extras install
    "neoxja_np": {"pytest"},  # pytest_plugin.py
    "tokenizer_suite": {"hypothesis", "pytest"},
    "views": {"matplotlib", "matplotlib_fontja", "PIL"},  # PIL comes with matplotlib
}


def files_of(pattern: str) -> list[Path]:
    return sorted(PACKAGE.glob(f"{pattern}.py"))


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" if node.module == "neoxja_np" else str(node.module)
                      for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def test_the_core_is_one_sitting_long() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for pattern in CORE for path in files_of(pattern)}
    assert len(lines) >= 20
    assert sum(lines.values()) <= 1200, f"{sum(lines.values())} lines: what can stand around the core instead?"


def test_the_core_imports_nothing_outside_itself() -> None:
    core = {path for pattern in CORE for path in files_of(pattern)}
    modules = {"neoxja_np." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in core}
    for path in core:
        for name in imports(path):
            if name.startswith("neoxja_np"):
                assert name in modules, f"{path.name} imports {name}"
            else:
                assert name.split(".")[0] in sys.stdlib_module_names | {"numpy"}, f"{path.name} imports {name}"


def test_arrows_run_one_way() -> None:
    for path in PACKAGE.rglob("*.py"):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if part == "__init__":
            continue
        used = {name.split(".")[1] for name in imports(path) if name.startswith("neoxja_np.")}
        assert used - {part} <= MAY_IMPORT[part], f"{path.relative_to(ROOT)}: {used - {part} - MAY_IMPORT[part]}"


def test_what_is_said_twice_is_the_same() -> None:
    assert (weights.PREFIX, list(weights.shapes(GPTNeoXJapaneseConfig()))[-1]) == (folder.PREFIX, folder.HEAD)


def test_only_the_three_dependencies_are_imported() -> None:
    for path in PACKAGE.rglob("*.py"):
        outside = {name.split(".")[0] for name in imports(path)} - sys.stdlib_module_names - {"neoxja_np"}
        allowed = OUTSIDE | OPTIONAL.get(path.parent.name, set())
        assert outside <= allowed, f"{path.relative_to(ROOT)}: {outside - allowed}"


def test_torch_is_imported_only_where_it_may_be() -> None:
    for path in (path for part in ("neoxja_np", "tests", "notebooks") for path in (ROOT / part).rglob("*.py")):
        if path.parent != ROOT / "tests" / "parity":
            assert not {name.split(".")[0] for name in imports(path)} & {"torch", "transformers"}, path


def modules() -> list[str]:
    found = pkgutil.walk_packages(neoxja_np.__path__, "neoxja_np.")
    return ["neoxja_np", *(module.name for module in found if not module.name.endswith("__main__"))]


@pytest.mark.parametrize("name", modules())
def test_everything_public_is_documented(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__, name
    for label, value in vars(module).items():
        if label.startswith("_") or getattr(value, "__module__", None) != name:
            continue
        if inspect.isfunction(value) or inspect.isclass(value):
            generated = inspect.isclass(value) and dict in value.__mro__ and "TypedDict" in str(type(value))
            planted = (name == "neoxja_np.oracle.mistakes" and inspect.isfunction(value)
                       and label not in {"mistake", "inject"})
            assert generated or planted or value.__doc__, f"{name}.{label}"
            if inspect.isclass(value) and not generated:
                for member, function in vars(value).items():
                    if not member.startswith("_") and (inspect.isfunction(function) or isinstance(function, property)):
                        assert function.__doc__, f"{name}.{label}.{member}"


def test_every_layer_function_states_its_shapes() -> None:
    stated = {f"{function.__module__}.{function.__name__}" for function in contracted()}
    for path in [*files_of("layers/*"), *files_of("gradients/*")]:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                assert f"neoxja_np.{path.parent.name}.{path.stem}.{node.name}" in stated, f"{path}: {node.name}"
    assert "neoxja_np.cache.extend" in stated
    assert all(read(function.__doc__)[0] for function in contracted()), "a contract that binds no argument"
    assert {"neoxja_np.model.layer", "neoxja_np.model.transformer", "neoxja_np.model.forward"} <= stated


def test_quirks_named_in_the_code_are_in_the_list() -> None:
    listed = set(re.findall(r"^## (\d+)\.", (ROOT / "docs" / "quirks.md").read_text(encoding="utf-8"), re.MULTILINE))
    for path in PACKAGE.rglob("*.py"):
        for numbers in re.findall(r"\(quirks? ([\d to]+)\)", path.read_text(encoding="utf-8")):
            assert set(re.findall(r"\d+", numbers)) <= listed, f"{path.name}: quirk {numbers}"


def test_importing_takes_less_than_300_ms(tmp_path: Path) -> None:
    # process time, so that what else the machine does is not counted; compiled once, as it is for a user
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path)
    code = "import time; start = time.process_time(); import neoxja_np; print(time.process_time() - start)"
    seconds = [float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True,
                                    env=environment).stdout) for _ in range(6)]
    assert min(seconds) < 0.3


def test_importing_loads_neither_torch_nor_matplotlib() -> None:
    code = ("import sys, neoxja_np, neoxja_np.cli; "
            "print([m for m in ('torch', 'matplotlib', 'transformers') if m in sys.modules])")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout == "[]\n"
