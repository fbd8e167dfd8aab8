"""Pictures: what they show, and what is said where matplotlib is missing."""

import sys
from pathlib import Path

import pytest
from neoxja_np.cli import main
from neoxja_np.views import draw_loss_curve

LOG = [{"step": 1, "loss": 5.0}, {"step": 2, "loss": 4.0}, {"step": 2, "held_out_loss": 4.5}, {"step": 3, "loss": 2.0}]


def test_the_loss_curve_shows_every_record() -> None:
    axes, = draw_loss_curve(LOG).axes
    lines = {line.get_label(): line.get_xydata().tolist() for line in axes.lines}
    assert lines == {"each step": [[1, 5], [2, 4], [3, 2]], "mean of 1": [[1, 5], [2, 4], [3, 2]],
                     "held out": [[2, 4.5]]}
    assert axes.get_xlabel() == "step"
    assert "nats" in axes.get_ylabel()


def test_the_mean_is_of_the_last_steps() -> None:
    axes, = draw_loss_curve([{"step": i, "loss": float(i)} for i in range(1, 201)]).axes
    mean = next(line for line in axes.lines if line.get_label() == "mean of 2")
    assert mean.get_ydata()[:3].tolist() == [1.0, 1.5, 2.5]


def test_a_log_of_means_says_so() -> None:
    axes, = draw_loss_curve([{"step": 20 * i, "mean_of": 20, "loss": float(i)} for i in range(1, 201)]).axes
    assert [line.get_label() for line in axes.lines] == ["mean of 20", "mean of 40"]


@pytest.mark.parametrize("log", [[], [{"step": 1, "loss": 1.0}]])
def test_a_run_that_has_hardly_begun(log: list[dict[str, float]]) -> None:
    assert draw_loss_curve(log).axes


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                            capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModuleNotFoundError, match=r"pictures need matplotlib: pip install 'neoxja-np\[notebooks\]'"):
        draw_loss_curve(LOG)
    corpus = tmp_path / "texts.txt"
    corpus.write_text("猫が鳴く。" * 50, encoding="utf-8")
    assert main(["train", str(corpus), "-o", str(tmp_path / "out"), "--steps", "1", "--length", "8",
                 "--batch-size", "1", "--tokenizer", "random-ja"]) == 0
    assert "no curve.png: pictures need matplotlib" in capsys.readouterr().err
    assert (tmp_path / "out" / "model.safetensors").is_file()
