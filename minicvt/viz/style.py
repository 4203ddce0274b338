"""One visual language: colours, type, and figures that leave nothing behind.

Colours are Okabe and Ito's, which remain apart for colour-blind eyes; maps of
magnitudes go from light to dark, maps of signed values are centred on zero. No
figure touches pyplot: there is no global list of figures and no window.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import wraps
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from matplotlib import colormaps, rc_context
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure

from minicvt.errors import OptionError
from minicvt.files import write_atomic

BLUE, ORANGE, GREEN, PINK = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
INK, MUTED, FAINT = "#1f2328", "#667080", "#d5dae1"
ON_TILE = "#0b0f14"  # words on a tile, which stays light where a page turns dark
COLOURS = (BLUE, ORANGE, GREEN, PINK, MUTED, INK)
"""Of things side by side, in this order."""

_ramp = LinearSegmentedColormap.from_list
# Lightness falls in equal steps of L*, from 97 to 20: equal differences look equal.
SEQUENTIAL = _ramp(
    "lagoon",
    ["#f1f8f2", "#9edfc8", "#34c2b8", "#00a0b0", "#007ca1", "#005680", "#17324a"],
)
DOTS = 150  # an inch, of a picture made of pixels
DIVERGING = "RdBu_r"
GREYS = _ramp("paper and ink", ["#ffffff", "#2b2f36"])
HEAT = _ramp("heat", ["#ffffff", "#f3b581", ORANGE])

STYLE: dict[Any, Any] = {
    **{"figure.facecolor": "white", "axes.facecolor": "none"},
    **{"font.family": "sans-serif", "font.size": 10, "text.color": INK},
    **{"axes.edgecolor": MUTED, "axes.labelcolor": INK, "axes.linewidth": 0.8},
    **{"axes.spines.top": False, "axes.spines.right": False},
    **{"xtick.color": MUTED, "ytick.color": MUTED, "grid.color": FAINT},
    **{"xtick.labelsize": 9, "ytick.labelsize": 9, "lines.linewidth": 2},
    # text stays text, and the same figure gives the same bytes
    **{"svg.fonttype": "none", "svg.hashsalt": "minicvt"},
}

Drawn = TypeVar("Drawn", bound=Callable[..., Any])


class Picture(Figure):
    """A figure that a notebook shows by itself, with words for who cannot see it.

    ``alt`` describes it; ``caption`` says what is drawn and at which scale.
    """

    alt = ""
    caption = ""

    def svg(self, paper: str = "white") -> str:
        """Return it as an ``<svg>`` element, without prologue or metadata."""
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        with rc_context(STYLE), io.StringIO() as file:
            self.savefig(file, format="svg", metadata=nothing, facecolor=paper)
            return "<svg" + file.getvalue().partition("<svg")[2]

    def write(self, path: str | PathLike[str]) -> None:
        """Write it as its file's name ends (`kind_of`)."""
        kind = self.kind_of(path)
        with rc_context(STYLE), io.BytesIO() as file:
            if kind == "svg":  # the same bytes each time, without a date
                file.write(self.svg().encode())
            else:
                self.savefig(file, format=kind, dpi=DOTS)
            write_atomic(path, file.getvalue())

    def kind_of(self, path: str | PathLike[str]) -> str:
        """Return what a file's name ends in: "svg", "png", "pdf".

        Raises ``OptionError`` for what matplotlib does not write.
        """
        kind = Path(path).suffix.removeprefix(".")
        if kind not in self.canvas.get_supported_filetypes():
            raise OptionError(f"a figure is written as .svg, .png or .pdf, got {path}")
        return kind

    def _repr_svg_(self) -> str:
        return self.svg()


def ramp(colours: str | Colormap) -> Any:
    """Return a colour map as bytes ``(256, 3)``, for who draws without matplotlib."""
    rgba = colormaps.get_cmap(colours)(range(256))
    return (rgba[:, :3] * 255).round().astype("uint8")


def scale(values: Any) -> dict[str, Any]:
    """Choose colours and limits: centred on zero where there are signs."""
    low, high = float(values.min()), float(values.max())
    if low < 0:
        return centred(max(-low, high))
    return {"cmap": SEQUENTIAL, "vmin": low, "vmax": high if high > low else low + 1}


def centred(bound: float) -> dict[str, Any]:
    """Return colours and limits of signed values up to this size: zero is white."""
    return {"cmap": DIVERGING, "vmin": -bound, "vmax": bound}


def styled(function: Drawn) -> Drawn:
    """Draw in the house style, whatever the caller's settings are."""

    @wraps(function)
    def draw(*inputs: Any, **options: Any) -> Any:
        with rc_context(STYLE):
            return function(*inputs, **options)

    return draw  # type: ignore[return-value]
