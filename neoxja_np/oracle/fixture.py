"""Fixtures: small models whose weights any language can rebuild from a formula, and what they run.

fixtures/NAME.json says all: config, how each kind of tensor is drawn, and the cases. The k-th
number of a tensor, counted in row-major order from 0, is mean + step * (r - reach), where

    r = (((z >> 32) * (2 * reach + 1)) >> 32)
    z = splitmix64(seed + (k + 1) * 0x9E3779B97F4A7C15)       all modulo 2**64
    seed = the 64-bit FNV-1a hash of the tensor's name in the checkpoint

and splitmix64(z) mixes: z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9, then
z = (z ^ z >> 27) * 0x94D049BB133111EB, then z ^ z >> 31. `step` is a power of two and `reach` at
most 127, so that each number is the same in bfloat16, float16, float32 and float64.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.config import GPTNeoXJapaneseConfig
from neoxja_np.files import read_json
from neoxja_np.oracle.cases import Case, make_case
from neoxja_np.pretrained import GPTNeoXJapaneseForCausalLM
from neoxja_np.weights import PREFIX, nest, shapes

FOLDER = Path(__file__).parent / "fixtures"
GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)
Drawn = tuple[float, float, int]  # mean, step, reach


@dataclass(frozen=True, eq=False)
class Fixture:
    """A small model by formula, and the cases that it runs."""

    name: str
    summary: str
    config: GPTNeoXJapaneseConfig
    drawn: Mapping[str, Drawn]      # by the end of a tensor's name; the first that fits
    cases: Mapping[str, Case]

    def tensors(self) -> dict[str, Array]:
        """The checkpoint's tensors in float64; a tied head is not among them."""
        stored = shapes(self.config)
        if self.config.tie_word_embeddings:
            del stored["embed_out.weight"]
        return {name: draw(name, shape, self.rule(name)) for name, shape in stored.items()}

    def rule(self, name: str) -> Drawn:
        """How a tensor is drawn. Raises KeyError for one that no rule fits."""
        for end, drawn in self.drawn.items():
            if name.endswith(end):
                return drawn
        raise KeyError(f"fixture {self.name} has no rule for {name}")

    def model(self, dtype: str = "float64", angle_dtype: str = "float32",
              ) -> GPTNeoXJapaneseForCausalLM:
        """The model itself."""
        tensors = {name: array.astype(dtype) for name, array in self.tensors().items()}
        tensors.setdefault("embed_out.weight", tensors[PREFIX + "embed_in.weight"])
        return GPTNeoXJapaneseForCausalLM(self.config, nest(tensors), angle_dtype=angle_dtype)


def splitmix64(z: np.ndarray) -> np.ndarray:
    """z uint64 [...] -> [...]: 64 bits well mixed. Steele, Lea and Flood 2014."""
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = z ^ z >> np.uint64(31)
    return mixed


def fnv1a(text: str) -> int:
    """The 64-bit FNV-1a hash of a text in UTF-8."""
    value = 0xCBF29CE484222325
    for byte in text.encode("utf-8"):
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def draw(name: str, shape: tuple[int, ...], drawn: Drawn) -> Array:
    """A tensor by the formula, in float64."""
    mean, step, reach = drawn
    numbers = np.arange(1, np.prod(shape) + 1, dtype=np.uint64)
    z = splitmix64(np.uint64(fnv1a(name)) + numbers * GOLDEN_GAMMA)
    r = (z >> np.uint64(32)) * np.uint64(2 * reach + 1) >> np.uint64(32)
    return (mean + step * (r.astype(np.float64) - reach)).reshape(shape)


def fixture_names() -> list[str]:
    """The names of the fixtures, the smallest first."""
    files = [path for path in FOLDER.glob("*.json") if "." not in path.stem]
    return [path.stem for path in sorted(files, key=lambda path: (size(path), path.stem))]


def size(path: Path) -> int:
    """The number of layers times the hidden size of a fixture's model, for an order."""
    config = read_json(path)["config"]
    return int(config["num_hidden_layers"] * config["hidden_size"])


@cache
def load_fixture(name: str) -> Fixture:
    """A fixture of this package. Raises ValueError for another name."""
    path = FOLDER / f"{name}.json"
    if name not in fixture_names():
        raise ValueError(f"no fixture is called {name!r}; there are {', '.join(fixture_names())}")
    about = read_json(path)
    cases = {label: make_case(**case) for label, case in about["cases"].items()}
    drawn = {end: (float(mean), float(step), int(reach))
             for end, (mean, step, reach) in about["drawn"].items()}
    return Fixture(name, about["summary"], GPTNeoXJapaneseConfig.from_dict(about["config"]),
                   drawn, cases)
