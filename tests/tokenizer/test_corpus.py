"""A corpus encoded in pieces, by any number of workers, is each of its files encoded whole."""

import json
import multiprocessing
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neoxja_np import GPTNeoXJapaneseTokenizer
from neoxja_np.oracle.tokenizer_suite.strategies import texts
from neoxja_np.tokenizer import corpus
from neoxja_np.tokenizer.corpus import Totals, encode_corpus, encode_pieces, in_order, may_cut
from tests.conftest import SHARED, needs_shared, small_tokenizer

TOKENIZERS = {profile: small_tokenizer(profile) for profile in ("hf", "original")}
BREAKS = st.sampled_from(["\n", "\r\n", "\r", "\n\r", "\n\n", "\r\r\n", "\u2028", "\x85", "\x0b"])
LINES = st.lists(texts(TOKENIZERS["hf"].vocabulary, pieces=3) | BREAKS | st.sampled_from(
    ["<BR>", "<BR", "R>", "<", ">", "<|endoftext|>", "<|endof", "text|>", "\ufeff"]), max_size=8).map("".join)


def own(rows: list[str], emoji: dict[str, str], **settings: object) -> GPTNeoXJapaneseTokenizer:
    with TemporaryDirectory() as name:
        vocab, emojis = Path(name, "vocab.txt"), Path(name, "emoji.json")
        vocab.write_text("\n".join([*rows, "<|startoftext|>", "<|endoftext|>"]), encoding="utf-8")
        emojis.write_text(json.dumps({"emoji": emoji, "emoji_inv": {}}), encoding="utf-8")
        return GPTNeoXJapaneseTokenizer(vocab, emojis, **settings)


def whole(contents: list[str], tokenizer: GPTNeoXJapaneseTokenizer) -> list[int]:
    return [i for text in contents for i in [*tokenizer.encode(text), tokenizer.eos_token_id]]


def written(folder: Path, contents: list[str], tokenizer: GPTNeoXJapaneseTokenizer, **how: int) -> list[int]:
    files = [folder / f"{i}.txt" for i in range(len(contents))]
    for file, text in zip(files, contents, strict=True):
        file.write_bytes(text.encode("utf-8"))
    totals = encode_corpus(files, folder / "ids.npy", tokenizer, **how)
    ids = np.load(folder / "ids.npy", mmap_mode="r")
    assert isinstance(ids, np.memmap)
    assert ids.ndim == 1
    assert totals == Totals(len(ids), sum(map(len, contents)))
    return list(ids.tolist())


@settings(max_examples=400)
@given(contents=st.lists(LINES, min_size=1, max_size=3), piece_size=st.integers(1, 12), profile=st.sampled_from(
    ["hf", "original"]))
def test_in_pieces_is_each_file_whole(contents: list[str], piece_size: int, profile: str) -> None:
    tokenizer = TOKENIZERS[profile]
    assert may_cut(tokenizer)
    with TemporaryDirectory() as folder:
        assert written(Path(folder), contents, tokenizer, piece_size=piece_size) == whole(contents, tokenizer)


SCRAPS = st.lists(st.sampled_from(["<BR>", "<BR", "<", "B", "R", "R>", ">", "a", "b"]), min_size=1, max_size=3)
SURFACES, TAGS = SCRAPS.map("".join), st.sampled_from(["", "x", "<x>", "\n", "<BR>", "<", "a", ">"])


@settings(max_examples=1500)
@given(rows=st.lists(SURFACES, max_size=5), with_break=st.booleans(),
       emoji=st.dictionaries(SURFACES, TAGS, max_size=2), profile=st.sampled_from(["hf", "original"]),
       text=st.lists(st.sampled_from(["\n", "\n", "\r\n", "\r", "<", "B", "R", ">", "a", "b", "<BR>"]),
                     max_size=10).map("".join))
def test_where_a_cut_is_allowed_it_changes_nothing(
        rows: list[str], with_break: bool, emoji: dict[str, str], profile: str, text: str) -> None:
    tokenizer = own([*rows, *["<BR>"] * with_break, *"ab<BR>"], emoji, profile=profile)
    if may_cut(tokenizer):
        lines = text.split("\n")
        pieces = [line + "\n" for line in lines[:-1]] + lines[-1:]
        assert [i for piece in pieces for i in tokenizer.encode(piece)] == tokenizer.encode(text)


@pytest.mark.parametrize(("rows", "emoji", "text"), [
    (["<BR>a", "<BR>"], {}, "\na"), (["<BR><BR>", "<BR>"], {}, "\n\n"), ([">a", *"<BR>"], {}, "\na"),
    (["<B", "R>a"], {}, "\r\na"), (["<BR>"], {">a": "x"}, "\na"), (["<BR>"], {"<BR>a": "x"}, "\na"),
    (["<BR>", "x"], {"R>": "b", "ba": "x"}, "\na"), (["<BR>", "x"], {"<BR>": "b", "ba": "x"}, "\na"),
])
def test_where_a_cut_could_change_the_ids_there_is_none(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[str], emoji: dict[str, str], text: str) -> None:
    tokenizer = own([*rows, "a"], emoji)
    assert not may_cut(tokenizer)
    contents = [text, f"a{text}\n", "\r\n"]
    assert written(tmp_path, contents, tokenizer, piece_size=1) == whole(contents, tokenizer)
    monkeypatch.setattr(corpus, "may_cut", lambda _: True)  # the texts do show what is at stake
    assert written(tmp_path, contents, tokenizer, piece_size=1) != whole(contents, tokenizer)


@pytest.mark.parametrize(("surface", "goes_beyond"), [
    ("", False), ("<", False), ("<BR>", False), ("<BR", False), ("R>", False), ("a<", False), ("a<BR>", False),
    ("<SP>", False), ("a>b", False), ("<P>a", False), ("><", True), (">>", True), ("R>a", True), ("<BR>a", True),
    ("a<BR>a", True), ("a<BR><BR>", True)])
def test_what_goes_beyond_a_break(surface: str, goes_beyond: bool) -> None:
    assert corpus.goes_beyond_a_break(surface) == goes_beyond


def test_only_lines_are_in_memory_and_breaks_stay_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer, seen = small_tokenizer(), []
    monkeypatch.setattr(tokenizer, "encode", lambda text: seen.append(text) or [0])
    (tmp_path / "a.txt").write_bytes("猫\r\n犬犬犬\n\n\r\r\n鳥".encode())
    encode_corpus([tmp_path / "a.txt"], tmp_path / "ids.npy", tokenizer, piece_size=3)
    assert seen == ["猫\r\n", "犬犬犬\n", "\n\r\r\n", "鳥"]
    seen.clear()
    tokenizer.do_clean_text = True
    encode_corpus([tmp_path / "a.txt"], tmp_path / "ids.npy", tokenizer, piece_size=3)
    assert seen == ["猫\r\n犬犬犬\n\n\r\r\n鳥"]


def test_the_file_is_what_numpy_would_save(tmp_path: Path) -> None:
    tokenizer, contents = small_tokenizer(), ["それで\n猫" * 30, "", "<|endoftext|>"]
    expected, saved = np.array(whole(contents, tokenizer), "<u2"), BytesIO()
    written(tmp_path, contents, tokenizer, piece_size=9)
    np.save(saved, expected)
    assert (tmp_path / "ids.npy").read_bytes() == saved.getvalue()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0.txt", "1.txt", "2.txt", "ids.npy"]


def test_files_stand_in_the_order_given(tmp_path: Path) -> None:
    tokenizer = small_tokenizer()
    for name, text in (("b", "猫"), ("a", "犬"), ("empty", "")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    encode_corpus([tmp_path / name for name in ("b", "a", "empty", "b")], str(tmp_path / "ids.npy"), tokenizer)
    assert np.load(tmp_path / "ids.npy").tolist() == whole(["猫", "犬", "", "猫"], tokenizer)


@pytest.mark.parametrize(("count", "dtype"), [(1 << 16, np.uint16), ((1 << 16) + 1, np.uint32)])
def test_two_bytes_an_id_as_long_as_they_hold_it(tmp_path: Path, count: int, dtype: type) -> None:
    tokenizer = own([f"x{i:x}"[-5:] for i in range(count - 2)], {}, profile="original")
    assert written(tmp_path, ["", "<|endoftext|>\n"], tokenizer)[:2] == [count - 1] * 2
    assert np.load(tmp_path / "ids.npy").dtype == dtype


@pytest.mark.parametrize(("content", "place", "byte"), [
    ("猫\n".encode() * 10 + b"\xff\n", 40, 0xff), (b"\n\n\xe7\x8c", 2, 0xe7), ("a".encode("utf-16"), 0, 0xff),
    (b"\n" * 9 + b"ab\xe7\n\x8c\xab", 11, 0xe7), (b"\xed\xa0\x80", 0, 0xed)])
@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_not_utf_8_is_named_with_its_place(
        tmp_path: Path, content: bytes, place: int, byte: int, workers: int) -> None:
    (tmp_path / "good.txt").write_text("猫", encoding="utf-8")
    (tmp_path / "bad.txt").write_bytes(content)
    with pytest.raises(ValueError, match=rf"bad\.txt is not UTF-8: byte {byte:#04x} at {place}$"):
        encode_corpus([tmp_path / "good.txt", tmp_path / "bad.txt"], tmp_path / "ids.npy", small_tokenizer(),
                      piece_size=4, workers=workers)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["bad.txt", "good.txt"]


def test_nothing_begins_where_a_path_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "read_pieces", None)
    good = tmp_path / "good.txt"
    good.write_text("猫", encoding="utf-8")
    for files, target, error, message in (
            ([good, tmp_path / "none.txt"], "ids.npy", FileNotFoundError, "there is no file '.*none.txt'"),
            ([tmp_path], "ids.npy", IsADirectoryError, "is a folder; give its files"),
            ([good], ".", ValueError, "is a folder or one of the texts"),
            ([good], "none/ids.npy", FileNotFoundError, "there is no folder '.*none' to write into"),
            ([good], "good.txt", ValueError, "'.*good.txt' is a folder or one of the texts"),
            ([good], "ids", ValueError, "must be named .npy, got '.*ids'")):
        with pytest.raises(error, match=message):
            encode_corpus(files, tmp_path / target, small_tokenizer())
    assert good.read_text(encoding="utf-8") == "猫"
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError])
@pytest.mark.parametrize("before", [None, b"as it was"])
def test_half_a_file_is_never_seen(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException], before: bytes | None) -> None:
    tokenizer, target = small_tokenizer(), tmp_path / "ids.npy"
    (tmp_path / "a.txt").write_text("猫\n" * 50, encoding="utf-8")
    if before:
        target.write_bytes(before)
    calls = count()

    def interrupted(_text: str) -> list[int]:
        if next(calls) == 20:
            assert (target.read_bytes() if target.exists() else None) == before
            raise error
        return [0]

    monkeypatch.setattr(tokenizer, "encode", interrupted)
    with pytest.raises(error):
        encode_corpus([tmp_path / "a.txt"], target, tokenizer, piece_size=1)
    assert (target.read_bytes() if target.exists() else None) == before
    assert {file.name for file in tmp_path.iterdir()} <= {"a.txt", "ids.npy"}


@pytest.mark.parametrize("profile", ["hf", "original"])
def test_several_workers_write_the_same(tmp_path: Path, profile: str) -> None:
    contents = [f"{i}番目の,猫は、慶應。😀é<|endoftext|>\r\n" * (i * 7 % 23) for i in range(12)]
    # settings that are not those of the files: the workers must have them too
    tokenizer = small_tokenizer(profile, eos_token="<|separator|>", unk_token="<|nottoken|>")
    expected = written(tmp_path, contents, tokenizer)
    alone = (tmp_path / "ids.npy").read_bytes()
    assert written(tmp_path, contents, tokenizer, workers=3, piece_size=50) == expected == whole(contents, tokenizer)
    assert (tmp_path / "ids.npy").read_bytes() == alone


def test_pieces_wait_in_order_and_in_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = count()

    def slow_at_first(text: str) -> str:
        time.sleep(0.02 if int(text) % 4 == 0 else 0)
        return text

    def endless() -> Iterator[str]:
        while True:
            yield str(next(drawn))

    monkeypatch.setattr(corpus, "encode_in_worker", slow_at_first)
    with ThreadPoolExecutor(4) as pool, closing(in_order(pool, endless(), 6)) as results:
        assert list(islice(results, 40)) == [str(i) for i in range(40)]
        assert next(drawn) == 40 + 6 - 1
    with ThreadPoolExecutor(4) as pool:
        assert list(in_order(pool, map(str, range(9)), 6)) == [str(i) for i in range(9)]
        assert list(in_order(pool, [], 6)) == []


def test_an_error_leaves_no_work_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    def failing(text: str) -> str:
        time.sleep(0.01)
        done.append(text)
        raise ValueError(text)

    monkeypatch.setattr(corpus, "encode_in_worker", failing)
    with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError, match=r"^0$"):
        list(in_order(pool, map(str, range(50)), 30))
    assert len(done) < 5


def test_a_worker_that_dies_is_an_error_and_no_wait() -> None:
    pieces = ("猫" * 1000 for _ in range(3000))  # they take seconds
    with closing(encode_pieces(pieces, TOKENIZERS["hf"], 2)) as parts:
        next(parts)
        for worker in multiprocessing.active_children():
            worker.kill()
        with pytest.raises(ChildProcessError, match="a worker ended before its work was done"):
            list(parts)
    assert not multiprocessing.active_children()


def test_a_script_without_a_main_guard_is_told_so(tmp_path: Path) -> None:
    rows = [f"x{i:x}" for i in range(0x1000, 0x8000)]  # more than a pipe holds
    own(rows, {}).save_pretrained(tmp_path / "model")
    (tmp_path / "a.txt").write_text("x1234", encoding="utf-8")
    (tmp_path / "script.py").write_text(
        "from neoxja_np import GPTNeoXJapaneseTokenizer\nfrom neoxja_np.tokenizer.corpus import encode_corpus\n"
        "encode_corpus(['a.txt'], 'ids.npy', GPTNeoXJapaneseTokenizer.from_pretrained('model'), workers=2)\n",
        encoding="utf-8")
    result = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert result.returncode == 1
    # Python's own tracker of resources may add a line behind it, where workers ended very early
    assert 'Or a script without `if __name__ == "__main__":`?' in result.stderr.decode()
    assert not list(tmp_path.glob("*.npy*")) + list(tmp_path.glob(".*"))


def test_a_script_that_a_worker_reads_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # what multiprocessing sets while a worker reads the script it is to work for: another one's error may end it then
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    monkeypatch.setattr(corpus, "write_files", lambda *_: pytest.fail("a file is begun"))
    (tmp_path / "a.txt").write_text("猫", encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"before the\s+current process has finished"):
        encode_corpus([tmp_path / "a.txt"], tmp_path / "ids.npy", small_tokenizer(), workers=2)


def test_progress_is_told_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bars: list[tqdm_stub] = []
    monkeypatch.setattr(corpus, "tqdm", lambda **how: bars.append(tqdm_stub(**how)) or bars[-1])
    written(tmp_path, ["猫\n" * 5, "", "a"], small_tokenizer(), piece_size=4)
    assert [(bar.total, sum(bar.steps), max(bar.steps)) for bar in bars] == [(21, 21, 8)]


class tqdm_stub:  # noqa: N801 - as what it stands for
    def __init__(self, *, total: int, **_how: object) -> None:
        self.total, self.steps = total, list[int]()

    def __enter__(self) -> "tqdm_stub":
        return self

    def __exit__(self, *_error: object) -> None: ...

    def update(self, size: int) -> None:
        self.steps.append(size)


def test_memory_does_not_grow_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer, file = small_tokenizer(), tmp_path / "a.txt"
    file.write_bytes(("猫" * 166 + "\r\n").encode() * 40_000)  # 20 MB
    monkeypatch.setattr(tokenizer, "encode", lambda text: [7] * len(text))  # tracing the real one takes a minute
    tracemalloc.start()
    try:
        totals = encode_corpus([file], tmp_path / "ids.npy", tokenizer, piece_size=1 << 14)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert totals == (40_000 * 168 + 1, 40_000 * 168)
    assert peak < 1_000_000


@needs_shared
@pytest.mark.parametrize("profile", ["hf", "original"])
def test_the_32k_vocabulary_may_be_cut(tmp_path: Path, profile: str) -> None:
    files = SHARED / "vocab32k" / "vocab.txt", SHARED / "vocab32k" / "emoji.json"
    tokenizer = GPTNeoXJapaneseTokenizer(*files, profile=profile)
    assert may_cut(tokenizer)
    text = "\n".join([*tokenizer.vocabulary.emoji, *tokenizer.vocabulary.ids])
    assert written(tmp_path, [text], tokenizer, piece_size=100) == whole([text], tokenizer)
