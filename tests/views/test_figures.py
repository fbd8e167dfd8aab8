"""Pictures: what they show, and what is said where matplotlib is missing."""

import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from neoxja_np.cli import main
from neoxja_np.views import draw_hands, draw_heads, draw_lines, draw_logit_lens, draw_loss_curve, draw_shares
from PIL import Image

LOG = [{"step": 1, "loss": 5.0}, {"step": 2, "loss": 4.0}, {"step": 2, "held_out_loss": 4.5}, {"step": 3, "loss": 2.0}]


def test_the_loss_curve_shows_every_record() -> None:
    axes, = draw_loss_curve(LOG).figure.axes
    lines = {line.get_label(): line.get_xydata().tolist() for line in axes.lines}
    assert lines == {"each step": [[1, 5], [2, 4], [3, 2]], "mean of 1": [[1, 5], [2, 4], [3, 2]],
                     "held out": [[2, 4.5]]}
    assert axes.get_xlabel() == "step"
    assert "nats" in axes.get_ylabel()


def test_the_mean_is_of_the_last_steps() -> None:
    axes, = draw_loss_curve([{"step": i, "loss": float(i)} for i in range(1, 201)]).figure.axes
    mean = next(line for line in axes.lines if line.get_label() == "mean of 2")
    assert mean.get_ydata()[:3].tolist() == [1.0, 1.5, 2.5]


def test_a_log_of_means_says_so() -> None:
    axes, = draw_loss_curve([{"step": 20 * i, "mean_of": 20, "loss": float(i)} for i in range(1, 201)]).figure.axes
    assert [line.get_label() for line in axes.lines] == ["mean of 20", "mean of 40"]


@pytest.mark.parametrize("log", [[], [{"step": 1, "loss": 1.0}]])
def test_a_run_that_has_hardly_begun(log: list[dict[str, float]]) -> None:
    assert draw_loss_curve(log).figure.axes


def test_curves_over_one_axis() -> None:
    x = np.array([1.0, 2.0, 4.0])
    picture = draw_lines(x, {"with": x, "without": x**2}, xlabel="tokens", ylabel="products", title="cost")
    axes, = picture.figure.axes
    assert {line.get_label(): line.get_xydata().tolist() for line in axes.lines} == {
        "with": [[1, 1], [2, 2], [4, 4]], "without": [[1, 1], [2, 4], [4, 16]]}
    assert len({line.get_linestyle() for line in axes.lines}) == 2  # not by colour alone
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == ("tokens", "products", "cost")
    assert picture.alt == "cost by tokens: with from 1 to 4, between 1 and 4; without from 1 to 16, between 1 and 16"


def test_a_map_for_every_head() -> None:
    weights = np.random.default_rng(0).dirichlet(np.ones(4), (5, 3))  # 5 heads, 3 tokens that look at 4
    weights[2, 1] = [0, 0.9, 0.1, 0]
    picture = draw_heads(weights, ["猫", "が", "\n", "鳴く"], title="layer 1")
    maps = [axes for axes in picture.figure.axes if axes.images]
    assert len(maps) == 5
    for head, axes in enumerate(maps):
        assert (axes.images[0].get_array() == weights[head]).all()
        assert axes.images[0].get_clim() == (0, 1)
        assert axes.get_title() == f"head {head}"
        assert [label.get_text() for label in axes.get_xticklabels()] == ["猫", "が", "⏎", "鳴く"]
        assert [label.get_text() for label in axes.get_yticklabels()] == ["が", "⏎", "鳴く"]  # the last ones look
    written = {(text.get_position(), text.get_text()) for text in maps[2].texts}
    assert ((1, 1), ".9") in written
    most = "; ".join(f"head {i} looks most at {['猫', 'が', '⏎', '鳴く'][column]}"
                     for i, column in enumerate(weights.sum(axis=1).argmax(axis=-1)))
    assert picture.alt == f"layer 1: over 猫 が ⏎ 鳴く: {most}"
    named = draw_heads(weights[:2], list("猫が鳴く"), names=["right", "wrong"])
    assert [axes.get_title() for axes in named.figure.axes if axes.images] == ["right", "wrong"]
    looking = draw_heads(np.array([[0.9, 0.1, 0], [0.2, 0.2, 0.6]]), list("春夏秋"))
    assert looking.alt == "Attention: over 春 夏 秋: 夏 looks most at 春; 秋 looks most at 秋"
    assert len(draw_heads(weights[0], list("猫が鳴く")).figure.axes) == 1


def test_the_lens_shows_the_likeliest() -> None:
    shares = np.zeros((3, 2, 4))
    for layer, place, token in ((0, 0, 1), (0, 1, 2), (1, 0, 3), (1, 1, 3), (2, 0, 0), (2, 1, 1)):
        shares[layer, place, token] = 0.5 + 0.1 * layer
    picture = draw_logit_lens(shares, ["猫", "が"], ["<|endoftext|>", "犬", "鳴く", "。"])
    axes, = picture.figure.axes
    assert {text.get_position(): text.get_text() for text in axes.texts} == {
        (0, 0): "犬", (1, 0): "鳴く", (0, 1): "。", (1, 1): "。", (0, 2): "<|en…", (1, 2): "犬"}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["embedding", "layer 0", "layer 1"]
    assert axes.get_ylim() == (-0.5, 2.5)  # the last layer is on top
    assert picture.alt == "Logit lens: over 猫 が: embedding: 犬 鳴く; layer 0: 。 。; layer 1: <|endoftext|> 犬"


def test_a_hand_points_where_its_angle_says() -> None:
    angles = np.array([[0.0, 0.0], [np.pi / 2, 0.1], [np.pi, 0.2]])
    figure = draw_hands(angles).figure
    assert len(figure.axes) == 6
    for number, axes in enumerate(figure.axes):
        x, y = axes.lines[1].get_xydata()[1]
        assert np.arctan2(y, x) == pytest.approx(angles[number % 3, number // 3])


def test_what_was_filtered_has_no_bar() -> None:
    shares = {"all": np.array([0.6, 0.3, 0.1]), "top-k 1": np.array([1.0, 0, 0])}
    figure = draw_shares(shares, ["猫", "犬", "鳥"]).figure
    bars = [[bar.get_width() for bar in axes.patches] for axes in figure.axes]
    assert bars == [[0.6, 0.3, 0.1], [1.0, 0, 0]]
    assert [text.get_text().strip() for text in figure.axes[1].texts] == ["1.00", "0", "0"]
    assert draw_shares(shares, ["猫", "犬", "鳥"], title="next").alt.startswith("next: ")
    assert draw_shares(shares, ["猫", "犬", "鳥"]).alt.endswith(": 猫 1.00, 犬 0, 鳥 0")


def test_a_notebook_gets_png_and_words(tmp_path: Path) -> None:
    picture = draw_loss_curve(LOG)
    data, metadata = picture._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert repr(picture) == "The loss over 3 points, from 5.0 to 2.0"
    assert data["text/plain"] == metadata["image/png"]["alt"] == repr(picture)
    image = Image.open(BytesIO(data["image/png"]))
    assert image.size == (700, 400)
    assert len(image.getcolors()) > 10
    picture.save(tmp_path / "curve.svg")
    assert "<svg" in (tmp_path / "curve.svg").read_text(encoding="utf-8")


def test_every_glyph_is_there() -> None:
    """matplotlib warns of missing ones, and a warning is an error."""
    names = ["「", "猫", "ー", "。", "⏎", "␣"]
    for picture in (draw_heads(np.eye(6)[None], names), draw_shares({"p": np.ones(6) / 6}, names)):
        picture._repr_mimebundle_()


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
