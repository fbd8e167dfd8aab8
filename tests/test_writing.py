"""Files written whole or not at all, and what a killed process left behind."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from neoxja_np.writing import write_files


@pytest.mark.skipif(os.name != "posix", reason="elsewhere one cannot ask whether a process runs without ending it")
def test_parts_of_the_same_files_that_a_killed_process_left_are_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left, others = f".a.{ended.pid}.part", {f".a.{os.getppid()}.part", f".b.{ended.pid}.part", ".a.part", ".a.x.part"}
    for name in (left, *others):
        (tmp_path / name).touch()
    write_files(tmp_path, {"a": lambda path: path.write_text("new", "utf-8")})
    assert {path.name for path in tmp_path.iterdir()} == {"a", *others}


def test_what_they_stand_instead_of_goes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = []
    for step in ("replace", "unlink"):
        plain = getattr(os if step == "replace" else Path, step)
        monkeypatch.setattr(os if step == "replace" else Path, step, lambda *rest, step=step, plain=plain, **named: (
            order.append((step, Path(rest[-1]).name)), plain(*rest, **named))[1])
    (tmp_path / "old").touch()
    write_files(tmp_path, {name: Path.touch for name in ("shard", "index")}, instead_of=[tmp_path / "old"])
    assert [step for step in order if not step[1].endswith(".part")] == [
        ("replace", "shard"), ("replace", "index"), ("unlink", "old")]


@pytest.mark.skipif(os.name != "posix", reason="parts are removed where one can ask whether a process runs")
def test_room_is_looked_for_when_what_was_left_there_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left, plain = tmp_path / f".a.{ended.pid}.part", shutil.disk_usage(tmp_path)
    left.touch()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: plain._replace(free=0 if left.exists() else 1000))
    write_files(tmp_path, {"a": Path.touch}, size=1000)
    with pytest.raises(OSError, match=r"needs 0\.00 GB, but its disk has 0\.00 GB free; give a folder"):
        write_files(tmp_path / "b", {"c": Path.touch}, size=1001)
    assert {path.name for path in tmp_path.iterdir()} == {"a"}


def test_a_failure_leaves_no_folder_that_was_not_there(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        path.write_text("half", "utf-8")
        raise ValueError("not finite")

    (tmp_path / "empty").mkdir()
    for folder in ("empty", "new", "other/below"):
        with pytest.raises(ValueError, match="not finite"):
            write_files(tmp_path / folder, {"a": Path.touch, "b": fail})
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]
