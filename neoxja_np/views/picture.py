"""A picture: a matplotlib figure that a notebook shows, and words for who does not see it."""

import io
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

Figure = Any  # matplotlib's own type, which is not here until it is needed


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of a size in inches, with glyphs for Japanese.

    Raises ModuleNotFoundError that says what to install.
    """
    try:
        from matplotlib.figure import Figure as MatplotlibFigure
        import_module("matplotlib_fontja")  # with it comes the font
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "pictures need matplotlib: pip install 'neoxja-np[notebooks]'") from None
    return MatplotlibFigure(figsize=(width, height), layout="constrained")


@dataclass(frozen=True, repr=False)
class Picture:
    """What the draw functions give: shown by a notebook, or written with save()."""

    figure: Figure
    alt: str  # what is to be seen, in words

    def __repr__(self) -> str:
        return self.alt

    def save(self, path: str | Path, *, dpi: int = 120) -> None:
        """A PNG, or what else the name's ending says to matplotlib."""
        self.figure.savefig(path, dpi=dpi)

    def _repr_mimebundle_(self, **kinds: object) -> tuple[dict[str, Any], dict[str, Any]]:
        return ({"image/png": few_colours(self.figure), "text/plain": self.alt},
                {"image/png": {"alt": self.alt}})


def few_colours(figure: Figure) -> bytes:
    """A PNG of at most 64 colours: a third of the size, so that a notebook stays small."""
    from PIL import Image  # matplotlib's own

    full, small = io.BytesIO(), io.BytesIO()
    figure.savefig(full, format="png", dpi=100)
    Image.open(full).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(
        small, format="png", optimize=True)
    return small.getvalue()
