"""A text cut into its tokens: coloured for a terminal or a notebook, with text that says the same.
"""

import html
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from neoxja_np.tokenizer.explain import Choice

SHADES = ("#cfe8ff", "#ffe0b8", "#d5f2cf", "#f6d0e4", "#fff3a6", "#ddd6fa")  # behind black text
TERMINAL_SHADES = (153, 223, 157, 218, 229, 183)  # the same in the palette of 256
SEEN = {" ": "␣", "\u3000": "□", "\r\n": "⏎", "\n": "⏎", "\r": "⏎", "\t": "⇥"}


@dataclass(frozen=True, repr=False)
class TokenView:
    """The choices of tokenizer.explain(text), to look at: in a notebook HTML, elsewhere text."""

    choices: list[Choice]

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_text(self, *, columns: int = 80, colored: bool = False) -> str:
        """Lines of pieces above their ids; without colours, bars between them.

        columns: how wide the terminal is, in half-width characters.
        """
        lines, width = [], columns + 1
        for number, choice in enumerate(self.choices):
            cell = (visible(choice.source), " ".join(map(str, choice.ids)))
            needed = max(map(display_width, cell))
            if width + needed + 1 > columns:
                lines += ["", ""]
                width = 0
            shade = TERMINAL_SHADES[number % len(TERMINAL_SHADES)]
            for line, text in zip((-2, -1), cell, strict=True):
                padded = text + " " * (needed - display_width(text))
                lines[line] += (f"\x1b[30;48;5;{shade}m{padded}\x1b[0m " if colored
                                else f"{padded}│")
            width += needed + 1
        return "\n".join(line.rstrip() for line in lines)

    def to_html(self) -> str:
        """A span for each piece, its ids below, what it was chosen from in its title."""
        return ('<div style="line-height:2.6;color:#111">'
                + "".join(map(to_span, range(len(self.choices)), self.choices)) + "</div>")


def to_span(number: int, choice: Choice) -> str:
    """One piece as HTML."""
    shade = SHADES[number % len(SHADES)]
    candidates = ", ".join(f"{surface} {i}" for surface, i in choice.candidates)
    title = f"{choice.rule}: {candidates}" if candidates else choice.rule
    return (f'<span style="background:{shade};padding:2px 3px;margin:1px;border-radius:3px;'
            f'display:inline-block;line-height:1.2;text-align:center" title="{html.escape(title)}">'
            f"{html.escape(visible(choice.source))}<br>"
            f"<small>{' '.join(map(str, choice.ids))}</small></span>")


def visible(text: str) -> str:
    """A text with signs for what would not be seen, or would move the cursor."""
    for old, new in SEEN.items():
        text = text.replace(old, new)
    return "".join(c if c.isprintable() or (unicodedata.category(c) == "Cf"
                   and unicodedata.bidirectional(c) == "BN") else f"\\u{ord(c):04x}" for c in text)


def display_width(text: Iterable[str]) -> int:
    """Columns in a terminal: 2 for wide and full-width characters, 0 for those that combine."""
    return sum(0 if unicodedata.category(c) in {"Mn", "Me", "Cf"}
               else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
