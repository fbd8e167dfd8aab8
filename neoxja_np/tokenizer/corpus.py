"""A corpus as one file of token ids, made piece by piece: neither need fit into memory."""

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import closing, contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.spawn import get_preparation_data
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from neoxja_np.tokenizer.emoji import meets
from neoxja_np.tokenizer.normalize import REPLACEMENTS
from neoxja_np.tokenizer.pretrained import GPTNeoXJapaneseTokenizer
from neoxja_np.writing import write_files

PIECE_SIZE = 1 << 18  # bytes: larger is no faster and takes more memory
BREAK = REPLACEMENTS["\n"]


class Encoded(NamedTuple):
    """The ids of a piece of text, unsigned, and the number of its characters."""

    ids: NDArray[Any]
    characters: int


class Totals(NamedTuple):
    """What a corpus has. The end of each file is one of the tokens."""

    tokens: int
    characters: int


def id_dtype(tokenizer: GPTNeoXJapaneseTokenizer) -> np.dtype[Any]:
    """The smaller of uint16 and uint32 that holds every id, little-endian on any machine."""
    return np.dtype("<u2" if len(tokenizer.vocabulary.rows) <= 1 << 16 else "<u4")


def may_cut(tokenizer: GPTNeoXJapaneseTokenizer) -> bool:
    r"""Whether a text cut behind its "\n" has the ids that it has in one piece.

    It has where no emoji and no surface could change a <BR> or reach over its end. What
    do_clean_text looks for is not examined.
    """
    return not (
        tokenizer.do_clean_text
        or any(meets(key, BREAK) for key in tokenizer.vocabulary.emoji)
        or any(goes_beyond_a_break(surface) for surface in tokenizer.vocabulary.ids))


def goes_beyond_a_break(surface: str) -> bool:
    """Whether a surface could begin before the end of a <BR> and end behind it."""
    return any(BREAK.endswith(surface[max(0, end - len(BREAK)):end])
               for end in range(1, len(surface)))


def read_pieces(path: Path, size: int, bar: "tqdm[Any]") -> Iterator[str]:
    """A file by whole lines, until they exceed `size` bytes (-1: by all of them); then a ""."""
    with path.open("rb") as file:
        while content := b"".join(file.readlines(size)):
            try:
                text = content.decode("utf-8")
            except UnicodeDecodeError as error:
                place = file.tell() - len(content) + error.start
                raise ValueError(f"{path} is not UTF-8: byte {content[error.start]:#04x} "
                                 f"at {place}") from None
            yield text
            bar.update(len(content))
    yield ""


def encode_piece(text: str, tokenizer: GPTNeoXJapaneseTokenizer) -> Encoded:
    """The ids of a text, eos_token_id for ""."""
    ids = tokenizer.encode(text) if text else [tokenizer.eos_token_id]
    return Encoded(np.array(ids, id_dtype(tokenizer)), len(text))


worker_tokenizer: GPTNeoXJapaneseTokenizer  # in a worker process alone


def start_worker(folder: str) -> None:
    """What a worker process does first: it reads the tokenizer."""
    global worker_tokenizer
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
    worker_tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained(folder)


def end_with_parent() -> None:
    """Ends this worker when the process that began it is gone, however that ended."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def encode_in_worker(text: str) -> Encoded:
    """encode_piece() in a worker process."""
    return encode_piece(text, worker_tokenizer)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Ctrl-C waits, and processes that start meanwhile never hear of it: it is for this one.

    One that died of it before it could say that it was there would be waited for, forever.
    """
    if sys.platform == "win32":  # where start_worker() sees to it
        yield
        return
    held: list[int] = []  # by a handler, too: another thread may be the one that is interrupted
    handler = None
    if threading.current_thread() is threading.main_thread():
        handler = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
        if held:
            signal.raise_signal(signal.SIGINT)


def in_order(pool: Executor, pieces: Iterable[str], window: int) -> Iterator[Encoded]:
    """The pieces encoded by a pool, in their order, at most `window` of them at a time."""
    pending: deque[Future[Encoded]] = deque()
    try:
        for text in pieces:
            with interrupts_held():
                pending.append(pool.submit(encode_in_worker, text))
            if len(pending) == window:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def encode_pieces(pieces: Iterable[str], tokenizer: GPTNeoXJapaneseTokenizer,
                  workers: int) -> Generator[Encoded, None, None]:
    """The pieces encoded, by workers if there are to be several."""
    if workers == 1:
        yield from (encode_piece(text, tokenizer) for text in pieces)
        return
    spawn = get_context("spawn")  # a fork could copy a lock that a thread holds
    try:
        # by a folder: a worker that dies before it has read a large argument is waited for forever
        with TemporaryDirectory() as folder:
            tokenizer.save_pretrained(folder)
            with ProcessPoolExecutor(workers, spawn, start_worker, (folder,)) as pool:
                yield from in_order(pool, pieces, window=2 * workers)
    except BrokenExecutor:
        raise ChildProcessError(
            "a worker ended before its work was done: too little memory for so many of them? Or a "
            'script without `if __name__ == "__main__":`?') from None


def write_ids(path: Path, parts: Iterable[Encoded], dtype: np.dtype[Any]) -> Totals:
    """A .npy of all ids. Its header, of one size for any number of them, is written again last."""
    tokens = characters = 0
    header = {"descr": dtype.str, "fortran_order": False}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {**header, "shape": (0,)})
        for part in parts:
            file.write(part.ids.tobytes())
            tokens, characters = tokens + len(part.ids), characters + part.characters
        file.seek(0)
        np.lib.format.write_array_header_1_0(file, {**header, "shape": (tokens,)})
    return Totals(tokens, characters)


def encode_corpus(files: Sequence[str | Path], target: str | Path,
                  tokenizer: GPTNeoXJapaneseTokenizer, *, workers: int = 1,
                  piece_size: int = PIECE_SIZE) -> Totals:
    """Writes the ids of each file in turn, each with eos_token_id behind it, as a .npy.

    np.load(target, mmap_mode="r") -> [number of tokens], uint16 or uint32: the same as encoding
    each file whole, for any number of workers. Files are UTF-8, taken as they are: a byte order
    mark is a character. At a time, lines of `piece_size` bytes are in memory, or of one line if
    that is longer; a whole file where the tokenizer allows no cut (may_cut).
    The target appears when it is complete. Raises FileNotFoundError, ValueError; should a worker
    die, ChildProcessError, and in the worker of a script without a main guard RuntimeError.
    """
    paths, target = [Path(file) for file in files], Path(target)
    check_paths(paths, target)
    if workers > 1:  # raises in a worker that reads a script without a main guard: no file is begun
        get_preparation_data("encode_corpus")
    size = piece_size if may_cut(tokenizer) else -1
    totals = Totals(0, 0)

    def write(part: Path) -> None:
        nonlocal totals
        with tqdm(desc="encoding", total=sum(path.stat().st_size for path in paths), unit="B",
                  unit_scale=True, disable=None, delay=1) as bar:
            pieces = (text for path in paths for text in read_pieces(path, size, bar))
            with closing(encode_pieces(pieces, tokenizer, workers)) as encoded:
                totals = write_ids(part, encoded, id_dtype(tokenizer))

    write_files(target.parent, {target.name: write})
    return totals


def check_paths(paths: Iterable[Path], target: Path) -> None:
    """Raises FileNotFoundError, IsADirectoryError, ValueError where no work should begin."""
    check_files(paths)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(target.parent)!r} to write into")
    if target.is_dir() or any(target.exists() and target.samefile(path) for path in paths):
        raise ValueError(f"{str(target)!r} is a folder or one of the texts; give another name for "
                         "the ids")
    if target.suffix != ".npy":  # lest a text be given for it and be replaced
        raise ValueError(f"the file to write must be named .npy, got {str(target)!r}")


def check_files(paths: Iterable[Path]) -> None:
    """Raises FileNotFoundError, IsADirectoryError for what cannot be read as texts."""
    for path in paths:
        if path.is_dir():
            raise IsADirectoryError(f"{str(path)!r} is a folder; give its files, such as "
                                    f"{path}/*.txt")
        if not path.exists():
            raise FileNotFoundError(f"there is no file {str(path)!r}")
