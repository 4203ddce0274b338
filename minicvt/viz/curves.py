"""Curves of anything over anything, and values of a few runs beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from minicvt.errors import OptionError, ShapeError
from minicvt.train.seeds import interval
from minicvt.viz.board import Board
from minicvt.viz.style import BLUE, COLOURS, FAINT, INK, MUTED, ORANGE, Picture, styled

WIDTH, HEIGHT, LEFT, LINE = 5.2, 2.6, 0.75, 0.19
NAME, ROW, SPAN = 2.1, 0.26, 3.9


@styled
def curves(
    lines: Mapping[str, tuple[Any, Any]], across: str, up: str, log: str = ""
) -> Picture:
    """Draw ``lines``, (x, y) by name, over one pair of axes with these words.

    ``log`` names the axes that are logarithmic: "", "x", "y" or "xy"; values that have
    no logarithm leave a gap. Raises ``ShapeError`` where an x has no y, and
    ``OptionError`` for more lines than there are colours, or none.
    """
    drawn = {name: tuple(map(np.asarray, line)) for name, line in lines.items()}
    for name, (x, y) in drawn.items():
        if x.ndim != 1 or x.shape != y.shape:
            given = f"{x.shape}, {y.shape}"
            raise ShapeError(f"{name}: expected as many x as y, got {given}")
    if not 0 < len(drawn) <= len(COLOURS):
        raise OptionError(f"curves: expected 1 to {len(COLOURS)}, got {len(drawn)}")
    top = 0.35 + LINE * len(drawn)
    board = Board(LEFT + WIDTH + 0.2, top + HEIGHT + 0.55)
    board.words(0.1, top - 0.27, up, color=MUTED)
    axes = board.axes(LEFT, top, WIDTH, HEIGHT)
    axes.set_xscale("log" if "x" in log else "linear")
    axes.set_yscale("log" if "y" in log else "linear")
    for row, (name, (x, y)) in enumerate(drawn.items()):
        shown = np.where(y > 0, y, np.nan) if "y" in log else y
        axes.plot(x, shown, color=COLOURS[row], linewidth=1.8)
        board.words(0.1, 0.06 + LINE * row, name, color=COLOURS[row], weight="bold")
    axes.set_xlabel(across, fontsize=9)
    axes.grid(linewidth=0.8, color=FAINT)
    axes.tick_params(length=0)
    axes.minorticks_off()
    board.figure.alt = "; ".join(_said(name, *xy) for name, xy in drawn.items())
    board.figure.caption = f"Across: {across}; up: {up}."
    return board.figure


def _said(name: str, x: Any, y: Any) -> str:
    ends = f"from {x[0]:.3g} to {x[-1]:.3g}"
    return f"{name}: {y[0]:.3g} to {y[-1]:.3g}, {ends}"


@styled
def dots(
    rows: Mapping[str, Sequence[float]],
    across: str,
    log: bool = False,
    limit: float | None = None,
    mean: bool = False,
) -> Picture:
    """Draw the values of each row as dots, the rows under each other, on one scale.

    ``limit`` draws a line across all rows. With ``mean`` a bar shows each row's mean
    and its 95 % t-interval, which takes two values or more. Raises ``OptionError`` for
    a row with fewer.
    """
    least = 2 if mean else 1
    for name, values in rows.items():
        if len(values) < least:
            raise OptionError(f"{name}: needs {least} values, got {len(values)}")
    height = ROW * len(rows)
    board = Board(NAME + SPAN + 0.25, height + 0.65)
    axes = board.axes(NAME, 0.1, SPAN, height)
    axes.set(xscale="log" if log else "linear", ylim=(len(rows) - 0.5, -0.5))
    for row, (name, values) in enumerate(rows.items()):
        board.words(0.1, 0.1 + ROW * (row + 0.5), name, va="center")
        _row(axes, row, values, mean)
    if limit is not None:
        axes.axvline(limit, color=ORANGE, linewidth=1.6)
    axes.set_yticks([])
    axes.set_xlabel(across, fontsize=9)
    axes.grid(axis="x", linewidth=0.8, color=FAINT)
    axes.tick_params(length=0)
    axes.minorticks_off()
    axes.spines["left"].set_visible(False)
    board.figure.alt = "; ".join(
        f"{name}: {min(values):.3g} to {max(values):.3g}"
        for name, values in rows.items()
    )
    bars = "; bars are means with 95 % t-intervals" if mean else ""
    board.figure.caption = f"Every dot is a value ({across}){bars}."
    return board.figure


def _row(axes: Axes, row: int, values: Sequence[float], mean: bool) -> None:
    alpha = 1.0 if mean else 0.55
    if mean:
        middle, half = interval(values)
        axes.plot([middle - half, middle + half], [row, row], color=FAINT, linewidth=7)
        axes.plot([middle, middle], [row - 0.3, row + 0.3], color=INK, linewidth=1.6)
    size: dict[str, Any] = {"markersize": 5, "markeredgewidth": 0}
    axes.plot(values, [row] * len(values), "o", color=BLUE, alpha=alpha, **size)
