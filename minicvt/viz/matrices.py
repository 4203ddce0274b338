"""Small matrices side by side, with their numbers written in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes

from minicvt.errors import ShapeError
from minicvt.viz.board import Board
from minicvt.viz.style import ON_TILE, Picture, scale, styled

ACROSS = 7.2  # inches that a row of matrices may take
SQUARE, GAP, MARGIN, TITLE = 0.3, 0.35, 0.1, 0.28
LETTER = 0.083  # of a title, in inches
WRITTEN = 0.2  # smallest square that a number is written in
PALEST = 0.45  # darker squares than this have white numbers


@styled
def matrices(
    named: Mapping[str, Any],
    by: Mapping[str, Any] | None = None,
    *,
    form: str = "g",
    square: float = SQUARE,
) -> Picture:
    """Draw matrices (rows, columns), a title over each, as many in a row as fit.

    A square's colour is its number, all matrices on one scale, or that of the matrix of
    the same title in ``by``: where a number came from, say. Where there is none, NaN,
    the square is white. ``square`` is a side in inches; numbers, formatted by
    ``form``, are left out below 0.2. Raises ``ShapeError`` for what is no matrix and
    for a ``by`` of another shape.
    """
    given = {title: np.asarray(matrix) for title, matrix in named.items()}
    colours = {
        title: np.asarray((by or {}).get(title, matrix), float)
        for title, matrix in given.items()
    }
    _check(given, colours)
    places, width, height = _places(given, square)
    board = Board(width, height)
    numbers = np.concatenate([c[~np.isnan(c)] for c in colours.values()])
    how = scale(numbers if numbers.size else np.zeros(1))
    for (title, matrix), (left, top) in zip(given.items(), places, strict=True):
        board.words(left, top, title, weight="bold")
        high = matrix.shape[1] * square
        axes = board.tile(left, top + TITLE, high, colours[title], **how)
        if square >= WRITTEN:
            _write(axes, matrix, colours[title], how, form)
    sizes = (f"{t}, {m.shape[0]} x {m.shape[1]}" for t, m in given.items())
    board.figure.alt = f"Matrices: {'; '.join(sizes)}."
    what = "where a number came from" if by else "a number"
    board.figure.caption = f"Colour is {what}, all on one scale; white is nothing."
    return board.figure


def _check(given: Mapping[str, Any], colours: Mapping[str, Any]) -> None:
    for title, matrix in given.items():
        if matrix.ndim != 2 or not matrix.size:
            raise ShapeError(f"matrices: {title!r} is no matrix, got {matrix.shape}")
        if colours[title].shape != matrix.shape:
            shapes = f"{colours[title].shape} for {matrix.shape}"
            raise ShapeError(f"matrices: colours of {title!r} are {shapes}")


def _places(given: Mapping[str, Any], square: float) -> tuple[Any, float, float]:
    """Return where each matrix begins, and the size of it all."""
    places: list[tuple[float, float]] = []
    left, top, high, right = MARGIN, 0.05, 0.0, 0.0
    for title, matrix in given.items():
        wide = max(matrix.shape[1] * square, LETTER * len(title))
        if places and left + wide > ACROSS:
            left, top, high = MARGIN, top + high + GAP, 0.0
        places.append((left, top))
        high = max(high, TITLE + matrix.shape[0] * square)
        right = max(right, left + wide)
        left += wide + GAP
    return places, right + MARGIN, top + high + MARGIN


def _write(
    axes: Axes, matrix: Any, colours: Any, how: dict[str, Any], form: str
) -> None:
    paint = colormaps.get_cmap(how["cmap"])
    for (row, column), number in np.ndenumerate(matrix):
        if np.isnan(number):
            continue
        place = (colours[row, column] - how["vmin"]) / (how["vmax"] - how["vmin"])
        red, green, blue, _ = paint(place)
        dark = 0.2126 * red + 0.7152 * green + 0.0722 * blue < PALEST
        middle: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8}
        colour = "white" if dark else ON_TILE
        axes.text(column, row, format(number, form), color=colour, **middle)
