"""Weight files that deceive, each made by hand: refused by what was found, while nothing else happens."""

import io
import json
import os
import pickle
import pickletools
import re
import struct
import sys
import time
import tracemalloc
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neoxja_np import CheckpointError, GPTNeoXJapaneseConfig, GPTNeoXJapaneseForCausalLM
from neoxja_np.checkpoint.folder import check_sums, stored_tensors
from neoxja_np.checkpoint.safetensors_file import LARGEST_HEADER
from neoxja_np.checkpoint.stored import STORED_AS
from neoxja_np.checkpoint.torch_pickle import LARGEST
from neoxja_np.checkpoint.zip_file import LARGEST_DIRECTORY
from neoxja_np.weights import flatten, shapes
from numpy.lib.stride_tricks import as_strided
from safetensors.numpy import load_file, save

BIN, ONE, INDEX = "pytorch_model.bin", "model.safetensors", "model.safetensors.index.json"
KINDS = {"DoubleStorage": "<f8", "FloatStorage": "<f4", "HalfStorage": "<f2", "BFloat16Storage": "<u2",
         "LongStorage": "<i8", "IntStorage": "<i4", "ShortStorage": "<i2", "CharStorage": "|i1", "ByteStorage": "|u1",
         "BoolStorage": "|b1"}


def text(value: str) -> bytes:
    data = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<L", len(data)) + data


def number(value: int) -> bytes:
    if isinstance(value, bool):
        return b"\x88" if value else b"\x89"
    if 0 <= value < 256:
        return b"K" + bytes([value])
    if 0 <= value < 65536:
        return b"M" + struct.pack("<H", value)
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<l", value)
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def row(values: Iterable[int]) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def named(dotted: str) -> bytes:
    module, _, name = dotted.rpartition(".")
    return f"c{module}\n{name}\n".encode()


def call(dotted: str, *arguments: bytes) -> bytes:
    return named(dotted) + (b"(" + b"".join(arguments) + b"t" if arguments else b")") + b"R"


ORDERED = call("collections.OrderedDict")


def storage(kind: str = "torch.FloatStorage", key: str = "0", count: int = 6, tag: str = "storage") -> bytes:
    return b"(" + text(tag) + named(kind) + text(key) + text("cpu") + number(count) + b"tQ"


def tensor(numbers: bytes = b"", offset: int = 0, shape: tuple[int, ...] = (2, 3), strides: tuple[int, ...] = (3, 1), *,
           grad: bytes = b"\x89", hooks: bytes = ORDERED) -> bytes:
    return call("torch._utils._rebuild_tensor_v2", numbers or storage(), number(offset), row(shape), row(strides), grad,
                hooks)


def parameter(of: bytes, grad: bytes = b"\x88", hooks: bytes = ORDERED) -> bytes:
    return call("torch._utils._rebuild_parameter", of, grad, hooks)


METADATA = b"}" + text("_metadata") + ORDERED + b"(" + text("") + b"}" + text("version") + number(1) + b"sus"


def pickled(entries: bytes, end: bytes = METADATA + b"b.") -> bytes:
    """A state dict as torch pickles it."""
    return b"\x80\2" + ORDERED + b"q\1(" + entries + b"u" + end


def one(value: bytes, name: bytes = text("a")) -> bytes:
    return pickled(name + value)


PICKLE = pickled(text("a") + tensor(storage() + b"q\2") + text("b") + tensor(b"h\2", 1, (2, 2), (1, 3)) + text("c")
                 + parameter(tensor(storage("torch.HalfStorage", "1", 4), 1, (3,), (1,))) + text("d")
                 + tensor(b"h\2", 5, (), ()))
DATA = {"data/0": np.arange(0.5, 6, dtype="<f4").tobytes(), "data/1": np.arange(7.25, 11, dtype="<f2").tobytes()}
VALUES = {"a": [[0.5, 1.5, 2.5], [3.5, 4.5, 5.5]], "b": [[1.5, 4.5], [2.5, 5.5]], "c": [8.25, 9.25, 10.25], "d": 5.5}


def members(pickle: bytes = PICKLE, **changed: bytes | None) -> list[tuple[str, bytes]]:
    every = {"data.pkl": pickle, ".format_version": b"1", ".storage_alignment": b"64", "byteorder": b"little", **DATA,
             "version": b"3\n", ".data/serialization_id": b"0" * 40}
    return [(name, data) for name, data in {**every, **changed}.items() if data is not None]


def record(layout: str, changed: dict[str, Any], *, name: bytes = b"", extra: bytes = b"", **fields: Any) -> bytes:
    """A record of a zip archive, its name and extra fields; `changed` says what stands in it otherwise."""
    name, extra = changed.get("name", name), changed.get("extra", extra)
    sizes = {field: len(value) for field, value in (("names", name), ("extras", extra)) if field in fields}
    return struct.pack("<" + layout, *({**fields, **sizes, **changed}[field] for field in fields)) + name + extra


def zipped(files: list[tuple[str, bytes]] | None = None, at: str | None = "data/0", before: bytes = b"",
           gap: bytes = b"", late: bytes = b"", later: bytes = b"", after: bytes = b"",
           **changed: dict[str, Any]) -> bytes:
    """An archive as torch writes it.

    `changed` is, by the kind of a record, what it says otherwise; where each member has one, that of the member `at`,
    or all. The other arguments are bytes that stand before the members, behind them, and so on.
    """
    files = members() if files is None else files
    content, directory, count = bytearray(before), b"", len(files)
    for name, data in files:
        local, described, central = (changed.get(kind, {}) if at in (name, None) else {} for kind in (
            "local", "described", "central"))
        start, path, crc, flags = len(content), f"weights/{name}".encode(), zlib.crc32(data), 0x808 if data else 0x800
        padding = -(start + len(path) + 34) % 64
        content += record("4s5H3L2H", local, signature=b"PK\3\4", needed=0, flags=flags, method=0, time=0, date=0,
                          crc=0, stored=0, size=0, names=0, extras=0, name=path,
                          extra=b"FB" + struct.pack("<H", padding) + b"Z" * padding)
        content += data and data + described.get("instead", record(
            described.get("layout", "4s3L"), described, signature=b"PK\7\x08", crc=crc, stored=len(data),
            size=len(data)))
        directory += record("4s6H3L5H2L", central, signature=b"PK\1\2", made=0, needed=0, flags=flags, method=0, time=0,
                            date=0, crc=crc, stored=len(data), size=len(data), names=0, extras=0, comment=0, disk=0,
                            internal=0, external=0, start=start, name=path) + central.get("behind", b"")
    content += gap
    about = {"disk": 0, "first": 0, "here": count, "count": count, "length": len(directory), "start": len(content)}
    content += directory + late
    end64 = len(content)
    content += record("4sQ2H2L4Q", changed.get("end64", {}), signature=b"PK\6\6", rest=44, made=0x31E, needed=45,
                      **about) + later
    content += record("4sLQL", changed.get("locator", {}), signature=b"PK\6\7", disk=0, end64=end64, disks=1)
    return bytes(content + record("4s4H2LH", changed.get("end", {}), signature=b"PK\5\6", **about, comment=0) + after)


FORBIDDEN = ("import", "exec", "compile", "pickle.", "marshal.", "ctypes.", "subprocess.", "os.", "shutil.", "socket.",
             "urllib.")
READING: list[Path] = []  # the folder that is read, while it is
SEEN: list[str] = []


def on_event(event: str, arguments: tuple[Any, ...]) -> None:
    """Notes what goes beyond opening the files of the folder for reading, and their names."""
    if READING and event != "os.listdir" and (event.startswith(FORBIDDEN) or (event == "open" and not (
            str(arguments[0]).startswith(str(READING[0])) and not arguments[2] & (os.O_WRONLY | os.O_RDWR)))):
        SEEN.append(f"{event} {arguments[:1]}")


sys.addaudithook(on_event)


def values(folder: Path) -> dict[str, Any]:
    tensors = stored_tensors(folder)
    if others := {tensor.dtype for tensor in tensors.values()} - set(STORED_AS):
        raise CheckpointError(f"{others}")  # as whoever loads them does
    return {name: tensor.bits().tolist() for name, tensor in tensors.items()}


def read(folder: Path, load: Callable[[Path], Any] = values) -> Any:
    """What is in a folder, or CheckpointError's message: in a second, in 64 MB, and with nothing else done.

    Memory by tracemalloc, which begins anew for each file, on every system; NumPy reports to it, and maps do not count.
    """
    size = sum(path.stat().st_size for path in folder.iterdir())
    SEEN.clear()
    for measured in ("time", "memory"):
        tracer = sys.gettrace()
        if measured == "time" or size > 100_000:
            sys.settrace(None)  # coverage takes four times as long
        if measured == "memory":
            tracemalloc.start()
        READING.append(folder)
        start = time.process_time()
        try:
            result = load(folder)
        except CheckpointError as error:
            result = str(error)
        finally:
            READING.clear()
            seconds = time.process_time() - start
            sys.settrace(tracer)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert measured == "memory" or seconds < 1
    assert peak <= size + 64 * 2**20
    assert SEEN == []
    return result


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for path in folder.iterdir():
        path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder, after what is imported on first use."""
    folder = tmp_path_factory.mktemp("hostile")
    model(write(folder, folder_of(weights("float32"), BIN)))
    return folder


FULL = 0xFFFFFFFF


def field64(*values: int) -> bytes:
    return struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values)


def both(**fields: Any) -> dict[str, dict[str, Any]]:
    return {"local": fields, "central": fields}


HERE, CRC, DIRECTORY = zipped().index(b"weights/data/0") - 30, zlib.crc32(DATA["data/0"]), zipped().index(b"PK\1\2")
WIDE = {"layout": "4sL2Q"}
NO_DESCRIPTION = {"instead": b""}
GOOD = {
    "as torch writes it": zipped(),
    "sizes in the local header too": zipped(local={"crc": CRC, "stored": 24, "size": 24}),
    "sizes in the local header alone": zipped(local={"flags": 0x800, "crc": CRC, "stored": 24, "size": 24},
                                              central={"flags": 0x800}, described=NO_DESCRIPTION),
    "sizes of 64 bits in the local header alone": zipped(
        local={"flags": 0x800, "crc": CRC, "stored": 24, "size": 24, "extra": field64(24, 24, HERE)},
        central={"flags": 0x800}, described=NO_DESCRIPTION),
    "no flag of UTF-8": zipped(**both(flags=8)),
    "no end of 64 bits": zipped()[:-98] + zipped()[-22:],
    "an end that leaves all to that of 64 bits": zipped(end={"count": 0xFFFF, "here": 0xFFFF, "length": FULL,
                                                             "start": FULL}),
    "sizes of 64 bits": zipped(local={"extra": field64(24, 24)}, described=WIDE,
                               central={"size": FULL, "stored": FULL, "extra": field64(24, 24)}),
    "more than 4 GB, as torch writes it": zipped(local={"extra": field64(24, 0) + b"FB\2\0ZZ"}, described=WIDE,
                                                 central={"size": FULL, "stored": FULL, "extra": field64(24, 24)}),
    "behind 4 GB, as torch writes it": zipped(local={"extra": b"FB\2\0ZZ" + field64(HERE)}, described=WIDE, central={
        "start": FULL, "extra": b"FB\2\0ZZ" + field64(HERE)}),
    "more than 4 GB behind 4 GB": zipped(local={"extra": field64(24, 0, HERE)}, described=WIDE, central={
        "size": FULL, "stored": FULL, "start": FULL, "extra": field64(24, 24, HERE)}),
    "no byte order, as before torch 2.1": zipped(members(byteorder=None)),
    "a memo of any number": zipped(members(PICKLE.replace(b"q\2", b"r\xff\xff\xff\xff").replace(
        b"h\2", b"j\xff\xff\xff\xff"))),
    "entries one by one, no metadata": zipped(members(PICKLE[:-len(METADATA) - 2].replace(
        ORDERED + b"q\1(", b"}", 1).replace(text("b"), b"s" + text("b")).replace(text("c"), b"s" + text("c")).replace(
        text("d"), b"s" + text("d"))[:-1] + b"s.")),
}


def contents(path: Path) -> dict[str, bytes]:
    """What Python's zipfile sees in an archive."""
    with zipfile.ZipFile(path) as archive:
        return {name.removeprefix("weights/"): archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("name", GOOD)
def test_good_files(name: str, place: Path) -> None:
    assert read(write(place, {BIN: GOOD[name]})) == VALUES
    assert DATA.items() <= contents(place / BIN).items()


@pytest.mark.parametrize("kind", KINDS)
def test_every_type_of_numbers(kind: str, place: Path) -> None:
    data = bytes([0, 1] * 12) if kind == "BoolStorage" else bytes(range(24))
    expected = np.frombuffer(data, KINDS[kind])
    content = one(tensor(storage(f"torch.{kind}", count=expected.size), 0, expected.shape, (1,)))
    assert read(write(place, {BIN: zipped(members(content, **{"data/0": data}))})) == {"a": expected.tolist()}


@pytest.mark.parametrize(("offset", "shape", "strides"), [
    (0, (0,), (1,)), (6, (0,), (1,)), (0, (2, 0, 3), (0, 3, 1)), (5, (1, 1), (99, 99)), (0, (1,) * 32, (1,) * 32),
    (0, (3, 2), (1, 3)), (1, (5,), (1,)), (0, (2, 2), (3, 2)), (0, (6,), (0,)), (0, (2, 3), (1, 1))])
def test_shapes_that_lie_in_their_storage(offset: int, shape: tuple[int, ...], strides: tuple[int, ...],
                                          place: Path) -> None:
    numbers = np.frombuffer(DATA["data/0"], "<f4")[offset:]
    expected = as_strided(numbers, shape, [4 * step for step in strides]).tolist()
    content = one(tensor(offset=offset, shape=shape, strides=strides))
    assert read(write(place, {BIN: zipped(members(content))})) == {"a": expected}


def test_a_storage_of_no_numbers(place: Path) -> None:
    content = one(tensor(storage(count=0), 0, (3, 0), (0, 1)))
    assert read(write(place, {BIN: zipped(members(content, **{"data/0": b""}))})) == {"a": [[], [], []]}


def case(message: str, files: list[tuple[str, bytes]] | None = None, **changed: Any) -> tuple[bytes, str]:
    return zipped(files, **changed), message


TWO, BEHIND = "'weights/data/0' is described in two ways", "behind 'weights/data/0' stand other sizes"
DISKS, NO_FIT = "an archive of several disks", "sizes that do not fit together at 'weights/data/0'"
GAP, ENDS = "a gap between the directory and the end", "two ends of the archive that contradict each other"
CUT, SIZES = "extra fields that are cut off, or twice", "'weights/data/0' has two sizes"
SCRIPT, NO_END, NO_END64 = b"#!/bin/sh\nexit\n", r"no zip record b'PK\x05\x06' at", r"no zip record b'PK\x06\x06' at"
HIDDEN = zipped([("data.pkl", b"")])
ZIPS = {
    "empty": (b"", f"{NO_END} -22"),
    "no zip": (b"some text " * 99, f"{NO_END} 968"),
    "cut": (zipped()[:-1], NO_END),
    "the end alone": (zipped()[-22:], GAP),
    "no members": case("is not one folder, but 0 members in 0", []),
    "compressed": case("'weights/data/0' is compressed (method 8)", **both(method=8)),
    "of two sizes": case("'weights/data/0' is compressed", central={"stored": 20}),
    "encrypted": case("'weights/data/0' is encrypted or has other features (flags 0x0809)", **both(flags=0x809)),
    "patched": case("'weights/data/0' is encrypted or has other features (flags 0x0828)", **both(flags=0x828)),
    **{f"another {field} in the local header": case(TWO, local={field: 7})
       for field in ("needed", "flags", "method", "time", "date", "crc", "stored", "size")},
    "sizes without their checksum": case(TWO, local={"stored": 24, "size": 24}),
    "sizes nowhere": case(TWO, **both(flags=0x800), described=NO_DESCRIPTION),
    "another name in the local header": case(
        "is 'weights/data/0' in the directory, but not in its own header", local={"name": b"weights/data/1"}),
    "no local header": case(rf"no zip record b'PK\x03\x04' at {HERE}", local={"signature": b"PK\3\5"}),
    "nothing behind the member": case(BEHIND, described=NO_DESCRIPTION),
    "too many bits behind the member": case(BEHIND, described=WIDE),
    "too few bits behind the member": case(BEHIND, local={"extra": field64(HERE)}),
    **{f"another {field} behind the member": case(BEHIND, described={field: value})
       for field, value in (("signature", b"PK\7\7"), ("crc", 7), ("stored", 7), ("size", 7))},
    "another size of 64 bits": case(SIZES, local={"extra": field64(7)}, described=WIDE),
    "a size of 32 bits for 64": case(SIZES, local={"extra": b"\1\0\4\0\x18\0\0\0"}, described=WIDE),
    "a size of 64 bits that is 0 without a record behind": case(SIZES, described=NO_DESCRIPTION, local={
        "flags": 0x800, "crc": CRC, "stored": 24, "size": 24, "extra": field64(24, 0)}, central={"flags": 0x800}),
    **{f"extra fields {what}, {kind}": case(CUT, **{kind: {"extra": extra}}) for kind in ("local", "central")
       for what, extra in (("cut off", b"FB\5\0ZZZZ"), ("of two bytes", b"FB"), ("twice", b"FB\0\0FB\0\0"))},
    "sizes of 64 bits that nobody asks for": case(NO_FIT, central={"extra": field64(24)}),
    "sizes of 64 bits that are not there": case(NO_FIT, central={"size": FULL}),
    **{f"a size of {size}, {len(extra)} extra bytes": case("'weights/data/0'", local={"extra": extra}, central={
        "size": FULL, "stored": FULL, "extra": field64(size, size)})
       for size in (2**40, 2**63, 2**64 - 1) for extra in (b"", field64(size, size))},
    "a size that reaches into the directory": case("'weights/data/0' reaches into the directory", **both(
        flags=0x800, size=DIRECTORY, stored=DIRECTORY, crc=1), described=NO_DESCRIPTION),
    "another offset": case(f"'weights/data/0' begins at {HERE + 1}, where {HERE} was exp", central={"start": HERE + 1}),
    "one member over another": case("'weights/data/1' begins at", at="data/1", central={"start": HERE}),
    "an offset beyond all files": case(f"'weights/data/0' begins at {2**64 - 1}, where {HERE} was expected", central={
        "start": FULL, "extra": field64(2**64 - 1)}),
    "a member that the directory hides": case("'weights/data/1' begins at", described={
        "instead": b"PK\7\x08" + struct.pack("<3L", CRC, 24, 24) + HIDDEN[:HIDDEN.index(b"PK\1\2")]}),
    "a member twice": case("two members called 'weights/data/0'", [*members(), ("data/0", DATA["data/0"])]),
    "no pickle": case("the archive holds no data.pkl", members()[1:]),
    "two pickles": case("the archive holds 'more/data.pkl', which torch.save does not write", [
        *members(), ("more/data.pkl", PICKLE)]),
    "code": case("the archive holds 'code/a.py', which torch.save does not write", [*members(), ("code/a.py", b"")]),
    "two folders": case("is not one folder, but 8 members in 2", **both(name=b"other/data/0")),
    "no folder": case("is not one folder, but 1 members in 1", members()[:1], at=None, **both(name=b"data.pkl")),
    **{f"a name such as {name!r}": case(f"a name that is no path within: {name!r}", **both(name=name.encode()))
       for name in ("../data/0", "weights/../data/0", "/weights/data/0", "weights//0", "weights/data/", "weights/./0",
                    "", "weights\\data\\0", "C:weights/data/0", "weights/\x1b[2J", "weights/0\n", "weights/\u202e")},
    "a name that is not UTF-8": case(r"a name that is not UTF-8: b'weights/\xff'", **both(name=b"weights/\xff")),
    "a comment on a member": case("a comment or a disk number at", central={"comment": 3, "behind": b"abc"}),
    "a member on another disk": case("a comment or a disk number at 'weights/data/0'", central={"disk": 1}),
    "no entry": case(f"no directory entry at {DIRECTORY}", at="data.pkl", central={"signature": b"PK\1\1"}),
    "half a directory entry": case(f"no directory entry at {len(zipped()) - 98}", at=".data/serialization_id", central={
        "behind": b"PK\1\2"}),
    "a cut directory entry": case("a directory entry that is cut off", central={"names": 9999}),
    "a comment": case(NO_END, end={"comment": 3}, after=b"abc"),
    "a comment that is not there": case("a comment behind the archive", end={"comment": 3}),
    "a byte behind": case(NO_END, after=b"\0"),
    "an archive behind": (zipped() * 2, "a gap before the end of the archive"),
    "a script in front": (SCRIPT + zipped(), NO_END64),
    "a script in front, and no end of 64 bits": (SCRIPT + GOOD["no end of 64 bits"], GAP),
    "a script in front, counted": case("'weights/data.pkl' begins at 15, where 0 was expected", before=SCRIPT),
    "an image in front": (b"\x89PNG\r\n\x1a\n" + zipped(), NO_END64),
    "a byte before the directory": case(f"a gap before the directory at {DIRECTORY + 1}", gap=b"\0"),
    "a directory before the directory": case("a gap before the directory at", gap=zipped()[DIRECTORY:-98]),
    "a directory behind the directory": case(GAP, late=zipped()[DIRECTORY:-98]),
    "a byte behind the directory": case(GAP, late=b"\0"),
    "a byte before the end": case("a gap before the end of the archive", later=b"\0"),
    "a longer end": case("a gap before the end of the archive", end64={"rest": 45}),
    **{f"an end of 64 bits at {place}": case(f"{NO_END64} {place}", locator={"end64": place})
       for place in (0, 2**40, 2**63 - 1, 2**64 - 1)},
    "an end of 64 bits in the last bytes": case(NO_END64, locator={"end64": len(zipped()) - 10}, end={
        "length": int.from_bytes(b"PK\6\6", "little")}),
    **{f"another {field} in {which}": case(DISKS, **{which: {field: 1}})
       for which in ("end", "end64") for field in ("disk", "first", "here", "count")},
    **{f"another {field} in the locator": case(DISKS, locator={field: 7}) for field in ("disk", "disks")},
    "two counts": case(ENDS, end={"count": 7, "here": 7}),
    **{f"two {field}s": case(ENDS, end={field: 7}) for field in ("length", "start")},
    "a count beyond all files": case(f"8 members, where {2**63} are counted", end64={"count": 2**63, "here": 2**63},
                                     end={"count": 0xFFFF, "here": 0xFFFF}),
    "a large directory": case(f"a directory of {LARGEST_DIRECTORY + 1:,} bytes", end64={
        "length": LARGEST_DIRECTORY + 1}, end={"length": FULL}),
    "a directory beyond all files": case(GAP, end64={"start": 2**64 - 1}, end={"start": FULL}),
    "the directory of an archive in a member": case(GAP, members(**{"data/0": zipped()}), end64={"start": HERE}, end={
        "start": HERE}),
    "another byte order": case("its byte order is b'big', expected b'little'", members(byteorder=b"big")),
    "a changed pickle": case("'weights/data.pkl' does not have the checksum that was written", at="data.pkl", central={
        "crc": 7}, described={"crc": 7}),
    **{f"a storage of {found}": case(f"has {found}, the pickle says 6 numbers of F32", members(**{"data/0": data}))
       for data, found in ((bytes(23), "23 bytes"), (bytes(25), "25 bytes"), (b"", "0 bytes"), (None, "no bytes"))},
    "one storage under nine names": (zipped(members(pickled(b"".join(
        text(str(i)) + tensor(storage(count=50_000), 0, (50_000,), (1,)) for i in range(9))), **{
            "data/0": bytes(200_000)})), "its tensors would take 1,800,000 bytes, four times the file's"),
    **{f"the format before 1.6, protocol {start[1]}": (
        start + b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19." + PICKLE, "without zip. Where torch is installed, write it anew: "
        f"torch.save(torch.load('{BIN}', weights_only=True), 'new.bin')")
       for start in (b"\x80\2", b"\x80\3")},
}


def doubling(levels: int = 40) -> bytes:
    """Two of the value before, on each level: 2^40 at the end."""
    return number(1) + b"".join(b"q%ch%c\x86" % (i, i) for i in range(10, 10 + levels))


ATTACKS = {  # what pickle would do, and what is said of it
    "os.system": (call("os.system", text("")), "it holds a call of os.system, which is not read"),
    "posix.system": (call("posix.system", text("")), "a call of posix.system"),
    "eval": (call("builtins.eval", text("1")), "a call of builtins.eval"),
    "exec in Python 2": (call("__builtin__.exec", text("1")), "a call of __builtin__.exec"),
    "getattr": (call("builtins.getattr", named("os.path"), text("join")), "a call of builtins.getattr"),
    "an import": (call("importlib.import_module", text("os")), "a call of importlib.import_module"),
    "STACK_GLOBAL": (text("os") + text("system") + b"\x93", "the pickle operation STACK_GLOBAL"),
    "INST": (b"(" + text("1") + b"ibuiltins\neval\n", "the pickle operation INST"),
    "OBJ": (b"(" + named("builtins.eval") + text("1") + b"o", "the pickle operation OBJ"),
    "NEWOBJ": (named("builtins.str") + b")\x81", "the pickle operation NEWOBJ"),
    "NEWOBJ_EX": (named("builtins.str") + b")}\x92", "the pickle operation NEWOBJ_EX"),
}
LARGER, SHAPE = "that is larger than its storage of 6 numbers", "possible shape"
NOT_NUMBERS, NO_VALUES = "a reference to something else than numbers", "a pickle operation without its values"
REBUILD, NO_DICT = "torch._utils._rebuild_tensor_v2", "values that are entered into no dict"
PICKLES = {
    **{name: (one(entry), message) for name, (entry, message) in ATTACKS.items()},
    "empty": (b"", "the pickle operation b''"),
    "cut": (PICKLE[:-1], "the pickle operation b''"),
    "cut in a class": (b"\x80\2ccollections", "the pickle operation b''"),
    "no operation": (PICKLE[:-1] + b"\xff.", r"the pickle operation b'\xff'"),
    "nothing left": (b"\x80\2.", NO_VALUES),
    "two values": (b"\x80\2}}.", "more than one value"),
    "a second pickle": (PICKLE * 2, "more behind the end of the pickle"),
    "a second pickle that attacks": (PICKLE + one(ATTACKS["eval"][0]), "more behind the end of the pickle"),
    **{f"protocol {i}": (b"\x80%c" % i + PICKLE[2:], f"the pickle operation PROTO {i}") for i in (1, 3, 4)},
    **{f"{found} alone": (b"\x80\2" + value + b".", f"{found} in place of tensors by name") for found, value in (
        ("a tensor", tensor()), ("os.system", named("os.system")), ("a str", text("a")), ("a tuple", doubling()))},
    **{f"{found} called a": (one(value), f"{found} called 'a' among the tensors") for found, value in (
        ("a NoneType", b"N"), ("a bool", b"\x88"), ("an int", number(70_000)), ("a dict", b"h\1"),
        ("a Storage", storage()), ("a tuple", doubling()), ("torch.FloatStorage", named("torch.FloatStorage")))},
    **{f"the name {name[:15]}": (one(tensor(), name), f"{found} as the name of an entry") for found, name in (
        ("an int", number(1)), ("a tuple", doubling()), ("os.system", named("os.system")), ("a str", text("\ud800")),
        ("a str", text("\x1b[2J")))},
    "one name twice": (one((text("a") + tensor()) * 2, b""), "two entries called 'a'"),
    "no dict": (b"\x80\2)" + text("a") + tensor() + b"s.", NO_DICT),
    "nothing to enter into": (b"\x80\2(" + text("a") + tensor() + b"u.", NO_DICT),
    "a name without a value": (one(b""), NO_DICT),
    "entries without a mark": (b"\x80\2}" + text("a") + tensor() + b"u.", "a pickle operation without its mark"),
    "a memo that is empty": (one(b"h\7"), "the pickle operation BINGET 7"),
    "a large memo that is empty": (one(b"j\xff\xff\xff\xff"), f"the pickle operation LONG_BINGET {FULL}"),
    "nothing for the memo": (b"\x80\2q\0.", NO_VALUES),
    "a mark for the memo": (one(b"(q\7t"), NO_VALUES),
    "a mark in a tuple": (one(b"N(\x86"), NO_VALUES),
    **{f"a broken {name} {value[-1]}": (one(value), f"the pickle operation {name} with a broken argument")
       for name, value in (("BINUNICODE", b"X\xff\xff\xff\xffabc"), ("BINUNICODE", b"X\1\0\0\0\xff"),
                           ("LONG1", b"\x8a\xffabc"))},
    "arguments of an OrderedDict": (one(call("collections.OrderedDict", b")")), "a call of collections.OrderedDict"),
    "a bomb that is called": (one(doubling() + b")R"), "a call of a tuple"),
    "a bomb of arguments": (one(named(REBUILD) + doubling() + b"R"), f"a call of {REBUILD}"),
    "a bomb of a shape": (one(tensor().replace(row((2, 3)), doubling())), SHAPE),
    "a bomb of a reference": (one(doubling() + b"Q"), NOT_NUMBERS),
    "a bomb of attributes": (pickled(b"", doubling() + b"b."), "attributes of a dict"),
    "no attributes": (pickled(b"", b"Nb."), "attributes of a dict"),
    "attributes in a tuple": (pickled(b"", text("_metadata") + b"\x85b."), "attributes of a dict"),
    "attributes of a tensor": (one(tensor() + METADATA + b"b"), "attributes of a tensor"),
    "attributes of a class": (one(named("os.environ") + METADATA + b"b"), "attributes of os.environ"),
    "other attributes": (pickled(b"", b"}" + text("__class__") + b"Nsb."), "attributes of a dict"),
    "more attributes": (pickled(b"", METADATA + text("x") + b"Nsb."), "attributes of a dict"),
    **{f"numbers of {name}": (one(tensor(storage(name))), f"numbers of {name}, which is not read") for name in (
        "torch.ComplexFloatStorage", "torch.storage.UntypedStorage", "torch.UntypedStorage", "torch.QInt8Storage",
        "os.FloatStorage", "torch._utils.FloatStorage", "torch.torch.FloatStorage", "torch.", "nothing.")},
    "numbers of no class": (one(storage().replace(named("torch.FloatStorage"), text("FloatStorage"))), NOT_NUMBERS),
    "numbers on no device": (one(storage().replace(text("cpu"), b"N")), NOT_NUMBERS),
    "numbers of a key that is a number": (one(storage().replace(text("0"), number(0))), NOT_NUMBERS),
    "a reference to a module": (one(storage(tag="module")), NOT_NUMBERS),
    "a reference by text": (one(text("0") + b"Q"), NOT_NUMBERS),
    "a count below 0": (one(storage(count=-1)), NOT_NUMBERS),
    "a count that is true": (one(tensor(storage("torch.ByteStorage", "0", True), 0, (1,), (1,))), NOT_NUMBERS),
    **{f"a count of {count:.0e}": (one(tensor(storage(count=count))), f"has 24 bytes, the pickle says {count} numbers")
       for count in (7, 2**60, 2**62, 2**1000)},
    **{f"the key {key!r}": (one(tensor(storage(key=key))), f"data/{key}") for key in (
        "7", "", "../version", "0/../../version")},
    "a key that cannot be printed": (one(tensor(storage(key="\x1b[2J\ud800"))), r"\x1b[2J\ud800"),
    "a class that cannot be printed": (one(call("os.\x1b[2J")), r"os.\x1b[2J"),
    **{f"sizes {shape}": (one(tensor(shape=shape, strides=(1,) * len(shape))), f"a tensor {shape} {LARGER}")
       for shape in ((7,), (3, 5))},
    **{f"sizes {shape}": (one(tensor(shape=shape, strides=(1,) * len(shape))), "it holds a tensor ")
       for shape in ((2**32, 2**32), (2**63,), (2**64, 2))},
    **{f"sizes {shape}": (one(tensor(shape=shape, strides=(1,) * len(shape))), SHAPE)
       for shape in ((-2, -3), (-1,), (True, 3), (1,) * 65, (1,) * 99, (0, 2**63), (2**62, 0))},
    **{f"strides {strides}": (one(tensor(strides=strides)), f"a tensor (2, 3) {LARGER}")
       for strides in ((4, 1), (3, 2), (2**62, 1), (2**64, 1))},
    **{f"strides {strides}": (one(tensor(strides=strides)), SHAPE)
       for strides in ((-3, 1), (3, -1), (3, True), (3,), (3, 1, 1), ())},
    "one number often": (one(tensor(shape=(1000, 1000), strides=(0, 0))), f"a tensor (1000, 1000) {LARGER}"),
    "a few numbers often": (one(tensor(shape=(3, 3), strides=(1, 1))), f"a tensor (3, 3) {LARGER}"),
    **{f"the offset {offset}": (one(tensor(offset=offset, shape=shape, strides=(1,))), message)
       for offset, shape, message in ((-1, (1,), SHAPE), (True, (1,), SHAPE), (1, (6,), LARGER), (2**64, (1,), LARGER),
                                      (7, (0,), LARGER))},
    "hooks": (one(tensor(hooks=METADATA)), f"a call of {REBUILD}"),
    "hooks that are none": (one(tensor(hooks=b")")), f"a call of {REBUILD}"),
    "a gradient of 1": (one(tensor(grad=number(1))), f"a call of {REBUILD}"),
    "a tensor of a tensor": (one(tensor(tensor())), f"a call of {REBUILD}"),
    "a parameter with hooks": (one(parameter(tensor(), hooks=METADATA)), "a call of torch._utils._rebuild_parameter"),
    "a parameter with no hooks": (one(parameter(tensor(), hooks=b")")), "a call of torch._utils._rebuild_parameter"),
    "a parameter of nothing": (one(parameter(b"N")), "a call of torch._utils._rebuild_parameter"),
    "a parameter with gradient 1": (one(parameter(tensor(), number(1))), "a call of torch._utils._rebuild_parameter"),
    **{name: (one(call(f"torch._utils.{name}")), f"a call of torch._utils.{name}") for name in (
        "_rebuild_qtensor", "_rebuild_parameter_with_state", "_rebuild_tensor", "_rebuild_tensor_v3")},
    "too large": (PICKLE + bytes(LARGEST + 1 - len(PICKLE)), f"{LARGEST + 1:,} bytes"),
}


def laid_out(header: str | bytes, data: int = 8, length: int | None = None) -> bytes:
    """A safetensors file of that header, or of what stands in its braces, and so many bytes."""
    head = header if isinstance(header, bytes) else f"{{{header}}}".encode()
    return (len(head) if length is None else length).to_bytes(8, "little") + head + bytes(data)


def named_entry(name: str = "a", place: str = "0,8", sizes: str = "2", kind: str = "F32", more: str = "") -> str:
    return f'"{name}":{{"dtype":"{kind}","shape":[{sizes}],"data_offsets":[{place}]{more}}}'


A, B = named_entry(), named_entry("b", "8,16")
BROKEN = "model.safetensors is not a complete safetensors file ("
TENSORS = {
    "a name twice": (laid_out(f"{A},{A}"), "it names 'a' twice"),
    "a name twice, written otherwise": (laid_out(A + "," + named_entry(r"\u0061")), "it names 'a' twice"),
    "metadata twice": (laid_out(f'"__metadata__":{{}},"__metadata__":{{}},{A}'), "duplicate field `__metadata__`"),
    "a name in the metadata twice": (laid_out(f'"__metadata__":{{"x":"1","x":"2"}},{A}'), "it names 'x' twice"),
    **{f"{more} twice": (laid_out(named_entry(more=f",{more}")), f"duplicate field `{more[1:6]}")
       for more in ('"shape":[2]', '"dtype":"F32"', '"data_offsets":[0,8]')},
    "another field": (laid_out(named_entry(more=',"x":1')), "'a' is described by something else than dtype, shape and"),
    "another field twice": (laid_out(named_entry(more=',"x":1,"x":2')), "it names 'x' twice"),
    "an entry as a list": (laid_out('"a":["F32",[2],[0,8]]'), "'a' is described by something else than dtype, shape"),
    "a space in front": (laid_out(f" {{{A}}}".encode()), "its header does not begin with {"),
    "a byte order mark": (laid_out(f"\ufeff{{{A}}}".encode()), BROKEN),
    "metadata that are null": (laid_out(f'"__metadata__":null,{A}'), "its __metadata__ is no JSON object"),
    **{f"metadata {value}": (laid_out(f'"__metadata__":{value},{A}'), BROKEN) for value in (
        '{"x":1}', '{"x":null}', '{"x":["1"]}', '{"x":{"y":"z"}}', '["x"]', '"x"', "1")},
    "a length beyond all files": (laid_out(A, length=2**63), f"announce a header of {2**63:,}; "),
    "a length within the header": (laid_out(A, length=9), BROKEN),
    "a large header": (laid_out(A.ljust(LARGEST_HEADER - 1)), f"announce a header of {LARGEST_HEADER + 1:,}; "),
    "a length alone": (bytes(8), BROKEN),
    "less data": (laid_out(A, 7), BROKEN),
    "more data": (laid_out(A, 9), BROKEN),
    **{f"a tensor at {place}": (laid_out(f"{A},{named_entry('b', place)}", data), BROKEN)
       for place, data in (("0,8", 8), ("4,12", 12), ("12,20", 20), ("16,8", 16), ("8,17", 17))},
    **{f"sizes [{sizes[:40]}]": (laid_out(named_entry(sizes=sizes)), BROKEN) for sizes in (
        "3", "-2", "2.0", "true", "4294967296,4294967296", "18446744073709551618", "1e0", '"2"', "null", "9" * 5000,
        "1," * 64 + "2")},
    **{f"no numbers of sizes [{sizes}]": (laid_out(named_entry(place="0,0", sizes=sizes), 0), BROKEN)
       for sizes in (f"0,{2**63}", f"{2**62},0")},
    "no type": (laid_out(named_entry(kind="F31")), BROKEN),
    "a name that is not UTF-8": (laid_out(f"{{{A}}}".encode().replace(b"a", b"\xff", 1)), BROKEN),
    "a name of half a pair": (laid_out(named_entry(r"\ud800")), BROKEN),
    "a name that cannot be printed": (laid_out(named_entry(r"\u001b[2J") + "," + A), BROKEN),
    "a list": (laid_out(b"[]", 0), BROKEN),
    **{f"many {what}": (laid_out(b'{"a":' + what * 100_000), BROKEN) for what in (b"[", b'{"a":')},
}


def indexed(content: Any, **shards: bytes) -> dict[str, bytes]:
    """An index, from its text or what stands in it, and shards: one of a and b if none are given."""
    shards = shards or {"x": laid_out(f"{A},{B}", 16)}
    return {INDEX: content if isinstance(content, bytes) else json.dumps(content).encode(),
            **{f"{name}.safetensors": shard for name, shard in shards.items()}}


def mapped(total: Any = None, **files: str) -> dict[str, Any]:
    return {"metadata": {"total_size": total}, "weight_map": {"a": "x.safetensors", "b": "x.safetensors", **files}}


NO_MAP = "has no weight_map from tensors to files"
INDICES = {
    **{f"a file {name!r}": (indexed(mapped(b=name)), f"names files outside the folder: {name!r}")
       for name in ("../x.safetensors", "/x.safetensors", "sub/x.safetensors", "./x.safetensors", "sub\\x.safetensors",
                    ".", "C:\\x.safetensors", "x.safetensors/")},
    **{f"no file {name[:9]!r}": (indexed(mapped(b=name)), f"names files that are not there: {name!r}")
       for name in ("", "..", "y.safetensors", "x.safetensors\0", "\ud800", "y" * 300)},
    "itself": (indexed(mapped(b=INDEX)), "index.json is not a complete safetensors file"),
    "a tensor twice": (indexed(b'{"weight_map":{"a":"x.safetensors","a":"x.safetensors"}}'), "it names 'a' twice"),
    "two maps": (indexed(b'{"weight_map":{},"weight_map":{}}'), "it names 'weight_map' twice"),
    "two totals": (indexed(b'{"metadata":{"total_size":1,"total_size":16},"weight_map":{}}'), "'total_size' twice"),
    **{f"a total of {total}": (indexed(mapped(total)), f"says total_size {total}, but its tensors have 16 bytes")
       for total in (15, 17, 8, 0, -16, 2**64, "16", [16], {"16": 16}, float("inf"))},
    "a total of 8-bit numbers": (indexed({"metadata": {"total_size": 8}, "weight_map": {"a": "x.safetensors"}},
        x=laid_out(named_entry(sizes="8", kind="F8_E4M3"))), "F8_E4M3"),
    "a tensor that its file does not hold": (
        indexed(mapped(c="x.safetensors")), "names tensors that their files do not hold: 'c'"),
    "a tensor that nobody names": (indexed({"weight_map": {"a": "x.safetensors"}}), "x.safetensors holds 'b', which"),
    "a tensor in a file more": (indexed(mapped(b="y.safetensors"), x=laid_out(A), y=laid_out(f"{A},{B}", 16)),
                                   "y.safetensors holds 'a', which"),
    "a broken shard": (indexed(mapped(), x=laid_out(A, 7)), "x.safetensors is not a complete safetensors file"),
    **{f"a map {value}": (indexed({"weight_map": value}), NO_MAP)
       for value in (None, [], "x", 1, {"a": None}, {"a": ["x.safetensors"]}, {"a": 1})},
    "no map": (indexed({}), NO_MAP),
    "a list": (indexed([]), "it must hold one JSON object, got list"),
    "nothing": (indexed(b""), "it is not JSON"),
    **{f"many {what}": (indexed(what.encode() * 100_000), "it is not JSON") for what in ("[", '{"a":')},
    "a long number": (indexed(b'{"metadata":{"total_size":' + b"9" * 5000 + b'},"weight_map":{}}'), "it is not JSON"),
    "not UTF-8": (indexed(b'{"weight_map":{"\xff":"x"}}'), "is not UTF-8: byte 0xff at 16"),
    "UTF-16": (indexed(json.dumps(mapped()).encode("utf-16")), "is not UTF-8"),
}
HOSTILE = {
    **{f"zip: {name}": ({BIN: content}, message) for name, (content, message) in ZIPS.items()},
    **{f"pickle: {name}": ({BIN: zipped(members(content))}, message) for name, (content, message) in PICKLES.items()},
    **{f"safetensors: {name}": ({ONE: content}, message) for name, (content, message) in TENSORS.items()},
    **{f"index: {name}": files for name, files in INDICES.items()},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_by_what_was_found(name: str, place: Path) -> None:
    files, message = HOSTILE[name]
    found = read(write(place, files))
    assert isinstance(found, str)
    assert message in found
    assert found.isprintable()


def test_more_than_4_gb_with_a_size_of_32_bits_behind(place: Path) -> None:
    """4 GB of nothing, which take no place on disk."""
    hole, files = 2**32, [*members(**{"data/1": None}), ("data/1", DATA["data/1"])]
    start = zipped(files).index(b"PK\1\2")
    size = {"size": FULL, "stored": FULL, "extra": field64(hole + 8, hole + 8)}
    end64 = len(zipped(files, "data/1", central=size)) - 98
    content = zipped(files, "data/1", central=size, end64={"start": start + hole}, end={"start": FULL}, locator={
        "end64": end64 + hole})
    with (write(place, {}) / BIN).open("wb") as file:
        file.write(content[:start - 16])
        file.seek(hole, 1)
        file.write(content[start - 16:])
    assert "'weights/data/1'" in read(place)


ALLOWED = {"PROTO", "BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "GLOBAL", "NONE", "NEWTRUE", "NEWFALSE",
           "MARK", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_DICT", "SETITEM", "SETITEMS", "BINPUT",
           "BINGET", "LONG_BINPUT", "LONG_BINGET", "BINPERSID", "REDUCE", "BUILD", "STOP"}


@pytest.mark.parametrize("operation", [each for each in pickletools.opcodes if each.name not in ALLOWED],
                         ids=lambda each: each.name)
def test_every_other_operation_is_refused_by_its_name(operation: pickletools.OpcodeInfo, place: Path) -> None:
    content = one(tensor() + operation.code.encode("latin-1") + bytes(16))
    found = f"it holds the pickle operation {operation.name}, which is not read"
    assert found in read(write(place, {BIN: zipped(members(content))}))


def test_the_watch_sees_what_the_attacks_do(place: Path) -> None:
    def attacked(folder: Path) -> None:
        (folder / "new").open("w").close()
        for entry, _ in ATTACKS.values():
            with suppress(Exception):
                pickle.loads(one(entry))

    with pytest.raises(AssertionError):
        read(place, attacked)
    assert {"open", "os.system", "compile", "exec", "pickle.find_class"} <= {event.split()[0] for event in SEEN}


def filled(unit: bytes, start: bytes) -> dict[str, bytes]:
    """The largest pickle that is read."""
    return {BIN: zipped(members(start + unit * ((LARGEST - len(start) - 1) // len(unit)) + b"."))}


LONG = 80 * 2**20
BOMBS: dict[str, tuple[Callable[[], dict[str, bytes]], str]] = {
    "nested tuples": (lambda: filled(b"\x85", b"\x80\2)"), "a tuple in place of tensors"),
    "dicts": (lambda: filled(b"}", b"\x80\2"), "more than one value"),
    "storages": (lambda: filled(b"h\1Q", b"\x80\2" + storage()[:-1] + b"q\1"), "more than one value"),
    "members": (lambda: {BIN: zipped([*members(), *((f"data/{i}", b"") for i in range(2, LARGEST_DIRECTORY // 67))])},
                "{'a': "),
    "extra fields": (lambda: {BIN: zipped([*members(), *((f"data/{i}", b"") for i in range(2, 100))], at=None, local={
        "extra": b"".join(struct.pack("<2H", i, 0) for i in range(2, 16_000))})}, ""),
    "a long pickle": (lambda: {BIN: zipped(members(bytes(LONG)))}, f"{LONG:,} bytes"),
    "a long byte order": (lambda: {BIN: zipped(members(byteorder=bytes(LONG)))}, "byte"),
    "metadata": (lambda: {ONE: laid_out('"__metadata__":{"":""' + ',"":""' * (LARGEST_HEADER // 6 - 9) + "}", 0)},
                 "it names '' twice"),
    "tensors": (lambda: {ONE: laid_out(",".join(
        named_entry(str(i), "0,0", "0") for i in range(LARGEST_HEADER // 58)), 0)}, "{'0': [], '1': []"),
    "a field of dicts": (lambda: {ONE: laid_out(named_entry(
        more=',"x":[{}' + ",{}" * (LARGEST_HEADER // 3 - 99) + "]"))}, "'a' is described by something else"),
    "a map of dicts": (lambda: indexed(b'{"weight_map":[{}' + b",{}" * 3_000_000 + b"]}"), ""),
    "a map of files": (lambda: indexed({"weight_map": {str(i): str(i) for i in range(200_000)}}), ""),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_take_neither_a_second_nor_64_mb(name: str, place: Path) -> None:
    files, message = BOMBS[name]
    assert message in str(read(write(place, files())))


def test_changed_numbers_do_not_have_their_checksum(place: Path) -> None:
    check_sums(write(place, {BIN: zipped()}) / BIN)
    with pytest.raises(CheckpointError, match="'weights/data/0' does not have the checksum that was written"):
        check_sums(write(place, {BIN: zipped().replace(DATA["data/0"], bytes(24))}) / BIN)


CHANGES = st.lists(st.tuples(st.sampled_from(["set", "insert", "remove", "cut"]), st.sampled_from(range(4096)),
                             st.binary(min_size=1, max_size=4)), min_size=1, max_size=3)


def changed(content: bytes, changes: list[tuple[str, int, bytes]]) -> bytes:
    for kind, place, new in changes:
        place %= len(content) + 1
        start, end = content[:place], content[place:]
        content = start + {"set": new + end[len(new):], "insert": new + end, "remove": end[len(new):], "cut": b""}[kind]
    return content


@given(CHANGES, st.sampled_from([0, 2, 4]))
@settings(max_examples=500)
def test_a_changed_zip_record_is_refused_or_changes_nothing(place: Path, changes: Any, part: int) -> None:
    parts = re.split(b"(%s|%s)" % tuple(map(re.escape, DATA.values())), zipped())
    parts[part] = changed(parts[part], changes)
    found = read(write(place, {BIN: b"".join(parts)}))
    assert isinstance(found, str) or (found == VALUES and contents(place / BIN) == dict(members()))


class Unpickler(pickle._Unpickler):
    """Python's own, for what ours has accepted."""

    def find_class(self, module: str, name: str) -> Any:
        return {"OrderedDict": OrderedDict, "_rebuild_parameter": lambda data, *_: data,
                "_rebuild_tensor_v2": lambda numbers, offset, shape, strides, *_: as_strided(
                    numbers[offset:], shape, [step * numbers.itemsize for step in strides]).tolist(), **KINDS}[name]

    def persistent_load(self, reference: Any) -> Any:
        return np.frombuffer(DATA[f"data/{reference[2]}"], reference[1])


@given(CHANGES)
@settings(max_examples=500)
def test_a_changed_pickle_is_refused_or_means_what_it_means_to_python(place: Path, changes: Any) -> None:
    content = changed(PICKLE, changes)
    found = read(write(place, {BIN: zipped(members(content))}))
    assert isinstance(found, str) or found == Unpickler(io.BytesIO(content)).load()


@given(CHANGES)
@settings(max_examples=300)
def test_a_changed_header_is_refused_or_means_what_it_means_to_the_library(place: Path, changes: Any) -> None:
    content = save({"a": np.arange(6.0).reshape(2, 3), "b": np.arange(5, dtype="<f4"), "c": np.zeros((0, 2))}, {"": ""})
    length = int.from_bytes(content[:8], "little") + 8
    found = read(write(place, {ONE: changed(content[:length], changes) + content[length:]}))
    assert isinstance(found, str) or found == {name: array.tolist() for name, array in load_file(place / ONE).items()}


@given(CHANGES)
@settings(max_examples=300)
def test_a_changed_index_is_refused_or_changes_nothing(place: Path, changes: Any) -> None:
    files = indexed(mapped(16))
    found = read(write(place, files | {INDEX: changed(files[INDEX], changes)}))
    assert isinstance(found, str) or found == {"a": [0, 0], "b": [0, 0]}


@pytest.mark.parametrize("metadata", [None, [], {}, {"total_size": None}, {"total_size": 16}])
def test_an_index_may_say_what_its_tensors_take(metadata: Any, place: Path) -> None:
    assert read(write(place, indexed(mapped() | {"metadata": metadata}))) == {"a": [0, 0], "b": [0, 0]}


def test_a_shard_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").mkdir()
    (tmp_path / INDEX).write_text(json.dumps(mapped()), encoding="utf-8")
    assert "names files that are not there: 'x.safetensors'" in read(tmp_path)


@pytest.mark.parametrize("total", [24, 48])
def test_pickled_shards_whose_tensors_share_numbers(total: int, place: Path) -> None:
    shard = zipped(members(pickled(text("a") + tensor(storage() + b"q\2") + text("b") + tensor(b"h\2"))))
    index = {"metadata": {"total_size": total}, "weight_map": {"a": "x.bin", "b": "x.bin"}}
    found = read(write(place, {f"{BIN}.index.json": json.dumps(index).encode(), "x.bin": shard}))
    assert found == {"a": VALUES["a"], "b": VALUES["a"]}


CONFIG = GPTNeoXJapaneseConfig(vocab_size=11, hidden_size=12, num_hidden_layers=1, num_attention_heads=3,
                               bos_token_id=None, eos_token_id=None)
BIAS = "gpt_neox_japanese.final_layer_norm.bias"


def weights(dtype: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes(CONFIG).items()}


def folder_of(arrays: dict[str, np.ndarray], file: str) -> dict[str, bytes]:
    """The files of a model, its weights pickled or in safetensors."""
    kinds = {dtype: f"torch.{kind}" for kind, dtype in KINDS.items()}
    entries = [text(name) + tensor(storage(kinds[array.dtype.str], name, array.size), 0, array.shape, [
        step // array.itemsize for step in array.strides]) for name, array in arrays.items()]
    data = [(f"data/{name}", array.tobytes()) for name, array in arrays.items()]
    return {"config.json": json.dumps({**CONFIG.to_dict(), "tie_word_embeddings": False}).encode(), file: save(
        arrays) if file == ONE else zipped([("data.pkl", pickled(b"".join(entries))), *data])}


def model(folder: Path) -> dict[str, Any]:
    return flatten(GPTNeoXJapaneseForCausalLM.from_pretrained(folder).weights)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_model_is_the_same_from_a_pickled_file_as_from_safetensors(dtype: str, place: Path) -> None:
    expected = model(write(place, folder_of(weights(dtype), ONE)))
    found = read(write(place, folder_of(weights(dtype), BIN)), model)
    assert found.keys() == expected.keys()
    assert all((found[name] == expected[name]).all() for name in expected)


@pytest.mark.parametrize("file", [BIN, ONE])
@pytest.mark.parametrize(("change", "message"), [
    ({BIAS: None}, f"missing: {BIAS} (12,)"),
    ({"other": np.zeros(3)}, "unexpected: other (3,)"),
    ({BIAS: np.zeros(13)}, f"wrong shape: {BIAS} is (13,), the config makes it (12,)"),
    ({BIAS: np.zeros((12, 1))}, f"wrong shape: {BIAS} is (12, 1), the config makes it (12,)"),
    ({BIAS: np.zeros(12, np.int32)}, f"wrong dtype: {BIAS} is I32, expected one of"),
    ({BIAS: np.zeros(12, np.bool_)}, f"wrong dtype: {BIAS} is BOOL, expected one of"),
    *(({BIAS: np.full(12, value, dtype)}, f"not finite: {BIAS} holds NaN or infinity as float32") for value, dtype in (
        (np.nan, "<f4"), (np.nan, "<f2"), (np.inf, "<f2"), (-np.inf, "<f8"), (1e300, "<f8"))),
])
def test_models_that_do_not_fit(change: dict[str, Any], message: str, file: str, place: Path) -> None:
    arrays = {name: array for name, array in (weights("float32") | change).items() if array is not None}
    found = read(write(place, folder_of(arrays, file)), model)
    assert isinstance(found, str)
    assert f"\n  {message}" in found


def test_a_name_that_cannot_be_printed_is_not_printed(place: Path) -> None:
    found = read(write(place, folder_of({**weights("float32"), "\x1b[2J": np.zeros(3)}, ONE)), model)
    assert r"\x1b[2J" in found
    assert found.replace("\n", "").isprintable()
