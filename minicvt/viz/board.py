"""Placing tiles and words on a figure in inches from its top left corner."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from minicvt.viz.style import FAINT, GREYS, INK, MUTED, Picture

BAR = 0.07  # height of a colour bar


class Board:
    """A figure of a given size, filled piece by piece."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = Picture(figsize=(width, height))

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Add axes whose top left corner is at (left, top)."""
        bottom = self.height - top - height
        box = (left / self.width, bottom / self.height)
        size = (width / self.width, height / self.height)
        return self.figure.add_axes((*box, *size))

    def words(self, left: float, top: float, text: str, **how: Any) -> None:
        """Write ``text`` with the top left of its first line at (left, top)."""
        given: dict[str, Any] = {
            "va": "top",
            "ha": "left",
            "fontsize": 9,
            "color": INK,
        } | how
        self.figure.text(left / self.width, 1 - top / self.height, text, **given)

    def tile(
        self, left: float, top: float, width: float, values: Any, **how: Any
    ) -> Axes:
        """Show a map (H, W) or a picture (H, W, 3), one square a value."""
        rows, columns = values.shape[:2]
        axes = self.axes(left, top, width, width * rows / columns)
        axes.imshow(values, interpolation="none", aspect="auto", **how)
        framed(axes)
        return axes

    def scaled_tile(
        self, left: float, top: float, width: float, values: Any, how: dict[str, Any]
    ) -> Axes:
        """Show a map (H, W) as ``how`` says, its colour bar under it."""
        axes = self.tile(left, top, width, values, **how)
        under = top + width * values.shape[0] / values.shape[1] + 0.06
        self.bar(left, under, width, how, ".3g")
        return axes

    def bar(
        self, left: float, top: float, width: float, how: dict[str, Any], form: str
    ) -> None:
        """Draw the colour bar of a map shown with ``how``, its ends in numbers."""
        axes = self.axes(left, top, width, BAR)
        axes.set_facecolor("white")  # under a ramp that is not opaque
        ramp = np.linspace(how["vmin"], how["vmax"], 256)[None]
        axes.imshow(ramp, interpolation="none", aspect="auto", **how)
        framed(axes)
        under = top + BAR + 0.03
        small = {"fontsize": 8, "color": MUTED}
        self.words(left, under, format(how["vmin"], form), **small)
        self.words(left + width, under, format(how["vmax"], form), ha="right", **small)


def framed(axes: Axes) -> None:
    """Leave a thin frame and no ticks."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(visible=True, color=FAINT, linewidth=0.8)


def visible(image: Any) -> tuple[Any, dict[str, Any], str]:
    """Return an image as it can be shown, how, and the scale in words.

    One channel is ink on paper, from its least value to its largest. Three are
    colours, taken as they are in [0, 1] and stretched to it otherwise; of any other
    number of channels the mean is shown.
    """
    low, high = float(image.min()), float(image.max())
    if image.shape[-1] == 3:
        fits = low >= 0 and high <= 1
        shown = image if fits else (image - low) / max(high - low, 1e-12)
        stretched = f"colours from {low:.2g} to {high:.2g}"
        return shown, {}, "colours as they are" if fits else stretched
    grey = image.mean(axis=-1)
    low, high = float(grey.min()), float(grey.max())
    words = f"white {low:.2g}, black {high:.2g}"
    return grey, {"cmap": GREYS, "vmin": low, "vmax": high}, words
