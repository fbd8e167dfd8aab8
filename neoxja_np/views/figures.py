"""Pictures that matplotlib draws; it is imported when one is asked for."""

from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Any

Figure = Any  # matplotlib's own type, which is not here until it is needed


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of a size in inches. Raises ModuleNotFoundError that says what to install."""
    try:
        from matplotlib.figure import Figure as MatplotlibFigure
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "pictures need matplotlib: pip install 'neoxja-np[notebooks]'") from None
    return MatplotlibFigure(figsize=(width, height), layout="constrained")


def draw_loss_curve(log: Iterable[Mapping[str, Any]]) -> Figure:
    """The loss of each step, its mean over the last steps, and the held-out loss, in nats a token.

    log: the records of training's log.jsonl, or means of them, which say of how many ("mean_of").
    """
    records = list(log)
    steps = [record["step"] for record in records if "loss" in record]
    losses = [record["loss"] for record in records if "loss" in record]
    held_out = [(record["step"], record["held_out_loss"]) for record in records
                if "held_out_loss" in record]
    each = next((record["mean_of"] for record in records if "mean_of" in record), 1)
    window = max(len(losses) // 100, 1)
    sums = [0.0, *accumulate(losses)]
    means = [(sums[i + 1] - sums[max(i + 1 - window, 0)]) / min(i + 1, window)
             for i in range(len(losses))]
    figure = new_figure(7, 4)
    axes = figure.subplots()
    axes.plot(steps, losses, color="#b9c4d0", linewidth=0.5,
              label=f"mean of {each}" if each > 1 else "each step")
    axes.plot(steps, means, color="#1f4e79", label=f"mean of {window * each}")
    if held_out:
        axes.plot(*zip(*held_out, strict=True), "o--", color="#c0504d", markersize=3,
                  label="held out")
    axes.set(xlabel="step", ylabel="loss (nats a token)")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure
