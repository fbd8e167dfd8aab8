"""The verb encode, as a user calls it."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from neoxja_np import GPTNeoXJapaneseTokenizer
from neoxja_np.cli import main
from neoxja_np.tokenizer.corpus import interrupts_held

TEXTS = {"a.txt": "それで、猫は\r\n慶應へ。😀\n", "empty.txt": "", "b.txt": "a,é<|endoftext|>"}


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    for name, text in TEXTS.items():
        (tmp_path / name).write_bytes(text.encode("utf-8"))
    return [str(tmp_path / name) for name in TEXTS]


def expected(**settings: str) -> list[int]:
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained("random-ja", **settings)
    return [i for text in TEXTS.values() for i in [*tokenizer.encode(text), tokenizer.eos_token_id]]


@pytest.mark.parametrize("profile", ["hf", "original"])
def test_encode(tmp_path: Path, files: list[str], profile: str, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "ids.npy"
    assert main(["encode", *files, "-o", str(target), "--profile", profile, "--model", "random-ja"]) == 0
    ids = np.load(target, mmap_mode="r")
    assert (ids.dtype, ids.tolist()) == (np.uint16, expected(profile=profile))
    rate = sum(map(len, TEXTS.values())) / len(ids)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"{target}: {len(ids)} tokens as uint16, {rate:.2f} characters per token\n"


def test_the_profiles_differ_in_these_texts() -> None:
    assert expected(profile="hf") != expected(profile="original")


def test_the_tokenizer_is_the_models(
        tmp_path: Path, files: list[str], random_ja: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(random_ja, tmp_path / "m")
    rows = (tmp_path / "m" / "vocab.txt").read_text(encoding="utf-8").split("\n")
    (tmp_path / "m" / "vocab.txt").write_text("\n".join(["ほか", *rows]), encoding="utf-8")
    assert main(["encode", *files, "--output", str(tmp_path / "ids.npy"), "--model", str(tmp_path / "m")]) == 0
    assert np.load(tmp_path / "ids.npy").tolist() == [i + 1 for i in expected()]
    capsys.readouterr()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_as_a_command_with_workers(tmp_path: Path, files: list[str], workers: str) -> None:
    command = [sys.executable, "-m", "neoxja_np", "encode", *TEXTS, "-o", "ids.npy", "--workers", workers,
               "--model", "random-ja"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert (result.returncode, result.stdout) == (0, b""), result.stderr
    assert result.stderr.startswith(b"ids.npy: ")  # and no bar, where nobody watches
    assert np.load(tmp_path / "ids.npy").tolist() == expected()


def test_what_cannot_be_done_is_said_and_exits_1(
        tmp_path: Path, files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_bytes("猫\n".encode("shift_jis"))
    target, there = str(tmp_path / "ids.npy"), set(tmp_path.iterdir())
    for arguments, message in (
            ([*files, str(bad), "-o", target], f"{bad} is not UTF-8: byte 0x94 at 0"),
            ([*files, "none.txt", "-o", target], "there is no file 'none.txt'"),
            ([str(tmp_path), "-o", target], "is a folder; give its files, such as"),
            ([*files, "-o", str(tmp_path / "none" / "ids.npy")], f"there is no folder '{tmp_path / 'none'}'"),
            ([files[0], "-o", files[1]], "must be named .npy"),
            ([files[0], "-o", files[0]], "is a folder or one of the texts"),
            ([files[0], "-o", str(tmp_path)], "is a folder or one of the texts"),
            ([*files, "-o", target, "--model", "none"], "there is no model folder 'none'")):
        assert main(["encode", *arguments]) == 1
        captured = capsys.readouterr()
        assert captured.err.startswith("neoxja: ")
        assert message in captured.err
        assert captured.out == ""
        assert set(tmp_path.iterdir()) == there


@pytest.mark.parametrize(("arguments", "message"), [
    (["-o", "ids.npy"], "FILES"), (["a.txt"], "-o/--output"),
    (["a.txt", "-o", "ids.npy", "--workers", "0"], "expected a whole number above 0, got '0'"),
    (["a.txt", "-o", "ids.npy", "--workers", "x"], "expected a whole number above 0, got 'x'")])
def test_wrong_usage_exits_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["encode", *arguments])
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["encode", "--help"])
    assert caught.value.code == 0
    assert "mmap_mode='r'" in capsys.readouterr().out


@pytest.mark.skipif(os.name != "posix", reason="signals a group of processes")
@pytest.mark.parametrize(("workers", "written", "before"), [
    ("1", 0, None), ("1", 1, b"as it was"), ("4", 0, b"as it was"), ("4", 1, None)])
def test_ctrl_c_leaves_nothing_behind(tmp_path: Path, workers: str, written: int, before: bytes | None) -> None:
    (tmp_path / "a.txt").write_text("それで、猫は慶應へ。\n" * 600_000, encoding="utf-8")
    if before:
        (tmp_path / "ids.npy").write_bytes(before)
    process = subprocess.Popen(
        [sys.executable, "-m", "neoxja_np", "encode", "a.txt", "-o", "ids.npy", "--workers", workers],
        cwd=tmp_path, stderr=subprocess.PIPE, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # which a job in the background ignores
    while not any(part.stat().st_size >= written for part in tmp_path.glob(".ids.npy.*")):
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0 if written else 0.05)  # in which workers start
    os.killpg(process.pid, signal.SIGINT)
    try:
        error = process.communicate(timeout=30)[1]  # which the workers share: the last of them has ended too
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert (error, process.returncode) == (b"\n", 130)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.name != "a.txt"} == (
        {"ids.npy": before} if before else {})


@pytest.mark.skipif(os.name != "posix", reason="signals a process")
@pytest.mark.parametrize(("end", "tidy"), [(signal.SIGTERM, True), (signal.SIGKILL, False)])
def test_no_worker_outlives_its_parent(tmp_path: Path, end: signal.Signals, tidy: bool) -> None:
    """Told to end, it tidies up; killed outright, it cannot, but its workers end too."""
    (tmp_path / "a.txt").write_text("それで、猫は慶應へ。\n" * 2_000_000, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "neoxja_np", "encode", "a.txt", "-o", "ids.npy", "--workers", "2"],
        cwd=tmp_path, stderr=subprocess.PIPE)
    while not any(part.stat().st_size for part in tmp_path.glob(".ids.npy.*")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(end)
    process.communicate(timeout=30)  # ends when every process that holds the pipe has ended
    assert process.returncode == (130 if tidy else -signal.SIGKILL)
    assert not (tmp_path / "ids.npy").exists()
    if tidy:
        assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="needs /dev/fd")
def test_a_text_from_a_pipe(tmp_path: Path, files: list[str]) -> None:
    command = f"{sys.executable} -m neoxja_np encode <(cat a.txt) -o ids.npy --model random-ja"
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True, capture_output=True)
    tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained("random-ja")
    assert np.load(tmp_path / "ids.npy").tolist() == [*tokenizer.encode(TEXTS["a.txt"]), tokenizer.eos_token_id]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no mask of signals")
def test_ctrl_c_that_another_thread_takes_waits_and_is_not_lost() -> None:
    over, reached = threading.Event(), []

    def interrupted() -> None:
        with interrupts_held():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)
            reached.append("the end")

    threading.Thread(target=over.wait, daemon=True).start()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # which a job in the background ignores
    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert reached == ["the end"]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
        over.set()
