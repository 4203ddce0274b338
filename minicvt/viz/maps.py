"""Maps of anything that has a place: side by side, each with its scale."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

import numpy as np

from minicvt.errors import ShapeError
from minicvt.viz.board import Board
from minicvt.viz.style import MUTED, ON_TILE, Picture, scale, styled

TILE, GAP, MARGIN, ACROSS = 1.3, 0.24, 0.1, 4
TITLE, LINE, SCALE = 0.06, 0.17, 0.38
FEW = 25  # up to so many whole numbers are written in
BOLD, SMALL = 0.087, 0.066  # of a letter, in inches


@styled
def maps(
    values: Mapping[str, Any], shared: bool = False, across: int = ACROSS
) -> Picture:
    """Draw maps (H, W), a square a value, ``across`` in a row, named by their keys.

    A name may have more than one line; the first is bold. Maps with a negative value
    are centred on zero, others go from their least to their largest; with ``shared``
    all have one scale. Whole numbers are written into small maps. Raises ``ShapeError``
    for what is no map, and for none at all.
    """
    arrays = {name: np.asarray(value) for name, value in values.items()}
    for name, array in arrays.items():
        if array.ndim != 2 or not array.size:
            first = name.partition("\n")[0]
            raise ShapeError(f"{first}: expected a map (H, W), got {array.shape}")
    if not arrays:
        raise ShapeError("maps: there is no map to draw")
    head = TITLE + LINE * max(name.count("\n") + 1 for name in arrays)
    high = max(array.shape[0] / array.shape[1] for array in arrays.values())
    step = head + TILE * high + SCALE
    columns, wide = min(across, len(arrays)), max(TILE, *map(_length, arrays))
    width = 2 * MARGIN + columns * wide + (columns - 1) * GAP
    board = Board(width, step * ceil(len(arrays) / across))
    together = scale(np.concatenate([array.ravel() for array in arrays.values()]))
    for i, (name, array) in enumerate(arrays.items()):
        left = MARGIN + i % across * (wide + GAP)
        how = together if shared else scale(array)
        _tile(board, left, step * (i // across), head, name, array, how)
    board.figure.alt = "; ".join(_said(*named) for named in arrays.items())
    board.figure.caption = "Every square is a value, " + (
        "all on one scale." if shared else "each map on its own scale."
    )
    return board.figure


def _tile(
    board: Board,
    left: float,
    top: float,
    head: float,
    name: str,
    array: Any,
    how: dict[str, Any],
) -> None:
    title, *lines = name.split("\n")
    board.words(left, top + TITLE, title, weight="bold")
    for row, line in enumerate(lines, start=1):
        board.words(left, top + TITLE + LINE * row, line, fontsize=8, color=MUTED)
    axes = board.scaled_tile(left, top + head, TILE, array, how)
    if array.size > FEW or array.dtype.kind not in "iub":
        return
    for (row, column), value in np.ndenumerate(array):
        ink = ON_TILE if abs(value) < 0.6 * how["vmax"] else "white"
        middle: dict[str, Any] = {"ha": "center", "va": "center", "color": ink}
        axes.text(column, row, f"{value}", fontsize=9, **middle)


def _length(name: str) -> float:
    """Return about how long the words over a map are, in inches."""
    title, *lines = name.split("\n")
    return max(BOLD * len(title), SMALL * max(map(len, lines), default=0))


def _said(name: str, array: Any) -> str:
    height, width = array.shape
    size = f"{height} by {width}, {array.min():.3g} to {array.max():.3g}"
    return f"{name.replace(chr(10), ', ')}: {size}"
