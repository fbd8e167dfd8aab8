"""The pictures of the course: attention, what the layers would say, rotary, sampling, curves.

They are drawn by matplotlib, which is imported when one is asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from neoxja_np.arrays import Array
from neoxja_np.views.picture import Picture, new_figure
from neoxja_np.views.tokens import visible

DARK, PALE, ACCENT = "#1f4e79", "#b9c4d0", "#c0504d"


def draw_heads(weights: Array, tokens: Sequence[str], *, names: Sequence[str] = (),
               title: str = "") -> Picture:
    """weights [H, L, M] or [L, M], tokens: L or M of them: a map a head, rows look at columns.

    The darker a square, the more of the row's attention it gets; each row sums to 1. The shares
    above a half are written out. names: of the maps, by default the heads' numbers.
    """
    heads = weights if weights.ndim == 3 else weights[None]
    count, length, width = heads.shape
    columns = min(count, 3)
    rows = -(-count // columns)
    names = names or [f"head {number}" for number in range(count)]
    labels = [visible(token) for token in tokens]
    side = 1.2 + 0.22 * width
    figure = new_figure(columns * side, rows * (1.5 + 0.22 * length))
    figure.get_layout_engine().set(hspace=0.08)  # the labels of one row, the titles of the next
    for number, axes in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        if number >= count:
            axes.set_axis_off()
            continue
        axes.imshow(heads[number], cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(width), labels[:width], rotation=90, fontsize=8)
        axes.set_yticks(range(length), labels[width - length:width], fontsize=8)
        axes.set_title(names[number] if count > 1 else title, fontsize=9)
        for row, column in zip(*np.nonzero(heads[number] > 0.5), strict=True):
            share = f"{heads[number, row, column]:.1f}".removeprefix("0")
            axes.text(column, row, share, color="white", ha="center", va="center", fontsize=6)
    figure.supylabel("looks", fontsize=8)
    figure.supxlabel("is looked at", fontsize=8)
    if count > 1:
        figure.suptitle(title, fontsize=10)
    if count > 1:
        most = [f"{name} looks most at {labels[column]}"
                for name, column in zip(names, heads.sum(axis=-2).argmax(axis=-1), strict=True)]
    else:
        looking = labels[width - length:width]
        most = [f"{row} looks most at {labels[column]}"
                for row, column in zip(looking, heads[0].argmax(axis=-1), strict=True)]
    return Picture(figure, f"{title or 'Attention'}: over {' '.join(labels)}: {'; '.join(most)}")


def draw_logit_lens(probabilities: Array, tokens: Sequence[str], vocabulary: Sequence[str], *,
                    title: str = "") -> Picture:
    """probabilities [N, L, V], tokens [L], vocabulary [V]: what each of N layers would say next.

    In every square the likeliest next token; the darker, the likelier.
    """
    layers, length, _ = probabilities.shape
    best = probabilities.argmax(axis=-1)
    figure = new_figure(1.2 + 0.62 * length, 1.0 + 0.36 * layers)
    axes = figure.subplots()
    shares = probabilities.max(axis=-1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(length), [visible(token) for token in tokens], fontsize=9)
    names = ["embedding", *(f"layer {i}" for i in range(layers - 1))]
    axes.set_yticks(range(layers), names, fontsize=9)
    for (layer, place), token in np.ndenumerate(best):
        said = visible(vocabulary[token])
        said = said if len(said) <= 5 else said[:4] + "…"
        axes.text(place, layer, said, ha="center", va="center", fontsize=8,
                  color="white" if shares[layer, place] > 0.6 else "black")
    axes.invert_yaxis()
    axes.set_title(title, fontsize=10)
    words = [" ".join(visible(vocabulary[token]) for token in row) for row in best]
    said = "; ".join(map(": ".join, zip(names, words, strict=True)))
    over = " ".join(map(visible, tokens))
    return Picture(figure, f"{title or 'Logit lens'}: over {over}: {said}")


def draw_hands(angles: Array, *, title: str = "") -> Picture:
    """angles [L, N]: N clocks, one under another, at L positions: a hand for each angle.

    Rotary turns each pair of dimensions like a hand, the first ones fast and the last ones slowly.
    """
    length, clocks = angles.shape
    figure = new_figure(0.9 + 0.62 * length, 0.6 + 0.66 * clocks)
    circle = np.linspace(0, 2 * np.pi, 60)
    for number, axes in enumerate(figure.subplots(clocks, length, squeeze=False).flat):
        clock, position = divmod(number, length)
        axes.plot(np.cos(circle), np.sin(circle), color=PALE, linewidth=0.8)
        angle = angles[position, clock]
        axes.plot([0, np.cos(angle)], [0, np.sin(angle)], color=DARK, linewidth=2)
        axes.plot(np.cos(angle), np.sin(angle), "o", color=ACCENT, markersize=3)
        axes.set(aspect="equal", xticks=[], yticks=[], xlim=(-1.15, 1.15), ylim=(-1.15, 1.15),
                 frame_on=False)
        if clock == 0:
            axes.set_title(str(position), fontsize=8)
        if position == 0:
            axes.set_ylabel(f"pair {clock}", fontsize=8)
    figure.suptitle(title or "position", fontsize=9)
    return Picture(figure, f"{title or 'Rotary'}: {clocks} hands at {length} positions")


def draw_shares(probabilities: Mapping[str, Array], tokens: Sequence[str], *,
                title: str = "") -> Picture:
    """probabilities: by name, each [N], tokens [N]: bars beside each other, one chart a name.

    For instance the N likeliest tokens before and after a filter; what a filter takes away has no
    bar, and its share is written as 0.
    """
    figure = new_figure(2.2 * len(probabilities) + 0.8, 0.8 + 0.24 * len(tokens))
    charts = figure.subplots(1, len(probabilities), sharey=True, squeeze=False)[0]
    for axes, (name, shares) in zip(charts, probabilities.items(), strict=True):
        axes.barh(range(len(tokens)), shares, color=DARK)
        for place, share in enumerate(shares):
            axes.text(share, place, f" {share:.2f}" if share else " 0", va="center", fontsize=7)
        axes.set_title(name, fontsize=9)
        axes.set(xlim=(0, 1.18 * max(float(np.max(shares)), 0.05)), xticks=[])
        axes.spines[["top", "right", "bottom"]].set_visible(False)
    charts[0].set_yticks(range(len(tokens)), [visible(token) for token in tokens], fontsize=9)
    charts[0].invert_yaxis()
    figure.suptitle(title, fontsize=10)
    charts_in_words = "; ".join(
        f"{name}: " + ", ".join(f"{visible(token)} {share:.2f}" if share else f"{visible(token)} 0"
                                for token, share in zip(tokens, shares, strict=True))
        for name, shares in probabilities.items())
    return Picture(figure, f"{title or 'Shares'}: {charts_in_words}")


def draw_lines(x: Array, lines: Mapping[str, Array], *, xlabel: str, ylabel: str = "",
               title: str = "") -> Picture:
    """x [N], lines: by name, each [N]: curves over the same axis, told apart by dashes as well."""
    figure = new_figure(6, 3.4)
    axes = figure.subplots()
    styles = ("-", "--", ":", "-.")
    for number, (name, y) in enumerate(lines.items()):
        axes.plot(x, y, styles[number % 4], label=name, color=(DARK, ACCENT, "black")[number % 3])
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.grid(alpha=0.3)
    axes.legend()
    ends = "; ".join(f"{name} from {y[0]:.3g} to {y[-1]:.3g}, between {np.min(y):.3g} and "
                     f"{np.max(y):.3g}" for name, y in lines.items())
    return Picture(figure, f"{title or ylabel or 'Curves'} by {xlabel}: {ends}")


def draw_loss_curve(log: Iterable[Mapping[str, Any]]) -> Picture:
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
    axes.plot(steps, losses, color=PALE, linewidth=0.5,
              label=f"mean of {each}" if each > 1 else "each step")
    axes.plot(steps, means, color=DARK, label=f"mean of {window * each}")
    if held_out:
        axes.plot(*zip(*held_out, strict=True), "o--", color=ACCENT, markersize=3, label="held out")
    axes.set(xlabel="step", ylabel="loss (nats a token)")
    axes.grid(alpha=0.3)
    axes.legend()
    ends = f", from {losses[0]:.1f} to {means[-1]:.1f}" if losses else ""
    return Picture(figure, f"The loss over {len(losses)} points{ends}")
