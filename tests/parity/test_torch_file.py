"""Files of torch.save read to torch's own values, and the hand-made ones of the tests read by torch."""

import json
import os
import re
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from neoxja_np import CheckpointError, GPTNeoXJapaneseForCausalLM
from neoxja_np.checkpoint.folder import stored_tensors
from neoxja_np.checkpoint.stored import StoredTensor
from neoxja_np.checkpoint.torch_file import read_torch_file
from neoxja_np.weights import flatten
from tests.checkpoint import test_hostile_files as by_hand
from tests.parity.conftest import note
from tools.hf_reference import random_model
from torch.utils.serialization import config as serialization

DTYPES = {torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32", torch.float64: "F64", torch.int64: "I64",
          torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL"}
CONFIG = {"vocab_size": 30, "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3}


def saved(content: Any, path: Path, **settings: Any) -> Path:
    torch.save(content, path, **settings)
    return path


def bits(tensor: torch.Tensor) -> np.ndarray:
    """As it is stored; NumPy has no bfloat16."""
    tensor = tensor.detach()
    return (tensor.contiguous().view(torch.uint16) if tensor.dtype == torch.bfloat16 else tensor).numpy()


def assert_same(found: dict[str, StoredTensor], tensors: dict[str, torch.Tensor]) -> None:
    """Bit for bit, names, order and shapes included."""
    assert list(found) == list(tensors)
    for name, tensor in tensors.items():
        got, expected = found[name].bits(), bits(tensor)
        assert found[name].dtype == DTYPES[tensor.dtype], name
        assert (got.dtype, got.shape, found[name].shape) == (expected.dtype, expected.shape, expected.shape), name
        assert got.tobytes() == expected.tobytes(), name
        note("files of torch.save: numbers read to the bit, in the largest tensor", got.size)


def assert_read(tensors: dict[str, torch.Tensor], path: Path) -> None:
    found = read_torch_file(path)
    assert_same(found, tensors)
    assert_same(found, torch.load(path, weights_only=True))


def examples(dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """All kinds of views; of more than 255 and 65535 numbers, so that the pickle holds integers of all widths."""
    numbers = torch.randint(0, 2 if dtype == torch.bool else 120, (40, 50), generator=torch.Generator().manual_seed(0))
    base = (numbers / 7 if dtype.is_floating_point else numbers).to(dtype)
    long = base.repeat(50, 1)
    return {"whole": base, "again": base, "transposed": base.T, "steps": base[::3, 1::7], "row": base[7],
            "column": base[:, 7], "three": base.reshape(4, 10, 50).permute(2, 0, 1)[1:, ::2], "one": base[3, 4],
            "number": base[0, 0].clone(), "none": base[:0], "nothing": torch.empty(3, 0, 2, dtype=dtype),
            "a size of 1": base[:, None, :1, None], "expanded": base[:4].clone()[:, 3:4].expand(4, 20),
            "long": long, "a part of long": long[1500:1999, 10:],
            **({"parameter": torch.nn.Parameter(base.clone()), "of the same": torch.nn.Parameter(long[3], False)}
               if dtype.is_floating_point else {})}


@pytest.mark.parametrize("kind", [dict, OrderedDict])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_type_and_every_kind_of_view(dtype: torch.dtype, kind: type, tmp_path: Path) -> None:
    tensors = kind(examples(dtype))
    assert_read(tensors, saved(tensors, tmp_path / "weights.bin"))


def test_special_numbers(tmp_path: Path) -> None:
    special = [0.0, -0.0, float("inf"), float("-inf"), float("nan"), 1e-40, 6e-8, 65504.0, 3e38]
    tensors = {str(dtype): torch.tensor(special, dtype=dtype) for dtype in DTYPES if dtype.is_floating_point}
    assert_read(tensors, saved(tensors, tmp_path / "weights.bin"))


def test_one_storage_under_many_names_lies_in_the_file_once(tmp_path: Path) -> None:
    weight = torch.nn.Parameter(torch.rand(100, 100))
    tensors = {"in": weight, "out": weight, "turned": weight.detach().T, "part": weight.detach()[50:]}
    path = saved(tensors, tmp_path / "weights.bin")
    assert_read(tensors, path)
    assert path.stat().st_size < 2 * weight.nbytes
    found = read_torch_file(path)
    assert found["in"].offset == found["out"].offset == found["turned"].offset == found["part"].offset - 50 * 400


def test_no_tensors(tmp_path: Path) -> None:
    assert_read({}, saved({}, tmp_path / "weights.bin"))


def test_an_open_file_and_other_alignments(tmp_path: Path) -> None:
    tensors = examples(torch.float32)
    with (tmp_path / "weights.bin").open("wb") as file:
        torch.save(tensors, file)
    assert_read(tensors, tmp_path / "weights.bin")
    for alignment in (1, 4096):
        with serialization.patch("save.storage_alignment", alignment):
            assert_read(tensors, saved(tensors, tmp_path / f"{alignment}.bin"))


@pytest.mark.parametrize("dtype", ["complex64", "complex128", "uint16", "uint32", "uint64", "float8_e4m3fn"])
def test_other_types_are_refused_by_name(dtype: str, tmp_path: Path) -> None:
    path = saved({"a": torch.zeros(3, dtype=getattr(torch, dtype))}, tmp_path / "weights.bin")
    with pytest.raises(CheckpointError, match=r"numbers of torch\.(Complex\w+Storage|storage\.UntypedStorage)"):
        read_torch_file(path)


@pytest.mark.parametrize(("content", "message"), [
    ({"model": {"a": torch.ones(2)}}, "a dict called 'model' among the tensors"),
    ({"a": torch.ones(2), "epoch": 3}, "an int called 'epoch' among the tensors"),
    ({3: torch.ones(2)}, "an int as the name of an entry"),
    (torch.ones(2), "a tensor in place of tensors by name"),
    ([torch.ones(2)], "the pickle operation EMPTY_LIST"),
    (torch.nn.Linear(2, 2), "the pickle operation NEWOBJ"),
    ({"a": torch.ones(2).to_sparse()}, "a call of torch.serialization._get_layout"),
    ({"a": torch.ones(2, device="meta")}, "a call of torch._utils._rebuild_meta_tensor_no_storage"),
    ({"a": torch.nn.Buffer(torch.ones(2))}, "a call of torch._tensor._rebuild_from_type_v2"),
    ({"a": np.ones(2)}, "a call of _codecs.encode"),
])
def test_what_is_no_dict_of_tensors_is_refused_by_name(content: Any, message: str, tmp_path: Path) -> None:
    path = saved(content, tmp_path / "weights.bin")
    with pytest.raises(CheckpointError, match=re.escape(message)):
        read_torch_file(path)


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_other_protocols_are_refused(protocol: int, tmp_path: Path) -> None:
    path = saved({"a": torch.ones(2)}, tmp_path / "weights.bin", pickle_protocol=protocol)
    with pytest.raises(CheckpointError, match=f"the pickle operation PROTO {protocol}"):
        read_torch_file(path)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol 3")
@pytest.mark.parametrize("protocol", [2, 3])
def test_the_format_without_zip_is_refused_with_a_way_that_works(protocol: int, tmp_path: Path,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    tensors = examples(torch.float16)
    path = saved(tensors, tmp_path / "weights.bin", _use_new_zipfile_serialization=False, pickle_protocol=protocol)
    with pytest.raises(CheckpointError, match=r"the format of torch before 1\.6, without zip") as caught:
        read_torch_file(path)
    way = re.search(r"torch\.save\(torch\.load\(.*?\), 'new\.bin'\)", str(caught.value))
    assert way
    monkeypatch.chdir(tmp_path)
    exec(way[0], {"torch": torch})
    assert_read(tensors, tmp_path / "new.bin")


@pytest.mark.parametrize("tie", [True, False])
@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str)
def test_a_model_of_hugging_face(dtype: torch.dtype, shards: int, tie: bool, tmp_path: Path) -> None:
    theirs = random_model(seed=0, dtype=dtype, tie_word_embeddings=tie, **CONFIG)
    theirs.config.save_pretrained(tmp_path)
    tensors = theirs.state_dict()
    assert tensors._metadata
    if shards == 1:
        saved(tensors, tmp_path / "pytorch_model.bin")
    else:
        file_of = {name: f"pytorch_model-{i % shards + 1:05}-of-{shards:05}.bin" for i, name in enumerate(tensors)}
        for file in set(file_of.values()):
            saved({name: tensor for name, tensor in tensors.items() if file_of[name] == file}, tmp_path / file)
        total = sum(tensor.nbytes for tensor in tensors.values())
        (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(
            {"metadata": {"total_size": total}, "weight_map": file_of}), encoding="utf-8")
    assert_same(stored_tensors(tmp_path), tensors)
    wide = "float64" if dtype == torch.float64 else "float32"
    for name, array in flatten(GPTNeoXJapaneseForCausalLM.from_pretrained(tmp_path, dtype=wide).weights).items():
        assert (array == tensors[name].to(getattr(torch, wide)).numpy()).all(), name


def test_the_archives_of_the_tests_are_those_of_torch_byte_for_byte(tmp_path: Path) -> None:
    path = saved(examples(torch.float32), tmp_path / "weights")
    assert by_hand.zipped(list(by_hand.contents(path).items())) == path.read_bytes()


def test_torch_reads_in_the_archives_of_the_tests_what_they_say(tmp_path: Path) -> None:
    for name in ("as torch writes it", "sizes in the local header alone", "no end of 64 bits", "sizes of 64 bits"):
        (tmp_path / "weights.bin").write_bytes(by_hand.GOOD[name])
        found = torch.load(tmp_path / "weights.bin", weights_only=True)
        assert {name: tensor.tolist() for name, tensor in found.items()} == by_hand.VALUES


@pytest.mark.skipif("NEOXJA_LARGE" not in os.environ, reason="writes files of 4.3 GB: set NEOXJA_LARGE")
@pytest.mark.parametrize("count", [1, 8])
def test_more_than_4_gb(count: int, tmp_path: Path) -> None:
    """In one tensor, whose size takes 64 bits, and in many, as checkpoints are, where only offsets do."""
    tensors = {"first": torch.arange(5.0)}
    for i in range(count):
        tensors[str(i)] = torch.zeros(2**31 // count + 11, dtype=torch.float16)
        tensors[str(i)][-3:] = torch.tensor([1, 2, i])
    tensors |= {"last": torch.arange(7.0), "turned": torch.arange(6.0).reshape(2, 3).T}
    path = saved(tensors, tmp_path / "weights.bin")
    try:
        assert path.stat().st_size > 2**32
        found = read_torch_file(path)
        assert list(found) == list(tensors)
        for name, tensor in tensors.items():
            assert np.array_equal(found[name].bits(), tensor.numpy()), name
    finally:
        path.unlink()
