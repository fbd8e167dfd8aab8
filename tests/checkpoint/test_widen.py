"""16 bits to 32 and back, on every bit pattern."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neoxja_np import CheckpointError
from neoxja_np.checkpoint import narrow
from neoxja_np.checkpoint.narrow import narrowed, to_bfloat16
from neoxja_np.checkpoint.safetensors_file import read_header, write_tensors
from neoxja_np.checkpoint.stored import StoredTensor
from neoxja_np.checkpoint.widen import BLOCK, from_bfloat16, from_float16, widen, widen_into

PATTERNS = np.arange(2**16, dtype=np.uint32).astype(np.uint16)


def test_every_float16_becomes_what_astype_makes_of_it() -> None:
    into = np.empty(2**16, np.float32)
    from_float16(PATTERNS.view(np.float16), into)
    assert (into.view(np.uint32) == PATTERNS.view(np.float16).astype(np.float32).view(np.uint32)).all()


def test_every_bfloat16_is_the_upper_half_of_a_float32() -> None:
    into = np.empty(2**16, np.float32)
    from_bfloat16(PATTERNS, into)
    assert (into.view(np.uint32) == PATTERNS.astype(np.uint32) << 16).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("stored", ["F16", "BF16"])
def test_what_is_not_finite_is_seen_in_whatever_block_it_is(dtype: type, stored: str) -> None:
    bits = np.ones(2 * BLOCK + 3, np.uint16)
    bits = bits.view(np.float16) if stored == "F16" else bits
    assert widen_into(bits, stored, np.empty(bits.shape, dtype))
    for place in (0, BLOCK - 1, BLOCK, 2 * BLOCK + 2):
        for special in (0x7C00, 0xFC00, 0x7E01) if stored == "F16" else (0x7F80, 0xFF80, 0x7FC0):
            broken = bits.copy()
            broken.view(np.uint16)[place] = special
            assert not widen_into(broken, stored, np.empty(bits.shape, dtype))


def nearest_bfloat16(value: float) -> int:
    """By looking at both neighbours, for one number."""
    bits = int(np.float32(value).view(np.uint32))
    low, high = bits >> 16, (bits >> 16) + 1
    exact = [abs(float(np.uint32(each << 16).view(np.float32)) - float(np.float32(value))) for each in (low, high)]
    return low if exact[0] < exact[1] or (exact[0] == exact[1] and low % 2 == 0) else high


@given(st.floats(-(2.0**127), 2.0**127, width=32))
def test_to_bfloat16_takes_the_nearest_and_of_two_the_even(value: float) -> None:
    assert to_bfloat16(np.array([value], np.float32))[0] == nearest_bfloat16(value)


def test_bfloat16_between_two() -> None:
    between = (PATTERNS[PATTERNS & 0x7FFF < 0x7F7F].astype(np.uint32) << 16) + 0x8000
    values = between.view(np.float32)
    assert (to_bfloat16(values) % 2 == 0).all()
    assert (to_bfloat16((between + 1).view(np.float32)) == (between >> 16) + 1).all()
    assert (to_bfloat16((between - 1).view(np.float32)) == between >> 16).all()


def silent(_: int) -> None:
    """Nobody listens."""


def stored(folder: Path, array: np.ndarray) -> StoredTensor:
    write_tensors({"x": array}, folder / "x.safetensors")
    return read_header(folder / "x.safetensors")["x"]


@pytest.mark.parametrize(("source", "target", "largest", "too_large"), [
    (np.float32, "F16", 65519.9, 65520.0), (np.float64, "F32", 3.4028235e38, 3.4028236e38),
    (np.float32, "BF16", np.uint32(0x7F7F7FFF).view(np.float32), np.uint32(0x7F7F8000).view(np.float32))])
def test_what_rounds_to_infinity_is_refused(tmp_path: Path, source: type, target: str, largest: float,
                                            too_large: float) -> None:
    for sign in (1, -1):
        tensor = stored(tmp_path, sign * np.array([0, largest], source))
        [bits] = narrowed("x", tensor, target, silent)
        assert widen_into(bits, target, np.empty(2, np.float32))
        with pytest.raises(CheckpointError, match=f"x holds .* or its negative, which is too large for {target}"):
            list(narrowed("x", stored(tmp_path, sign * np.array([0, too_large], source)), target, silent))


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 20])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_blocks_together_are_the_tensor(tmp_path: Path, size: int, dtype: type,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(narrow, "BLOCK", 8)
    array = np.random.default_rng(0).normal(size=size).astype(dtype)
    heard: list[int] = []
    got = [*narrowed("x", stored(tmp_path, array), "F16", heard.append), np.empty(0, np.float16)]
    assert (np.concatenate(got) == array.astype(np.float16)).all()
    assert sum(heard) == 2 * size
    assert (widen(stored(tmp_path, array), np.dtype(np.float64)) == array).all()
