"""Costs beside each other, as bars: a group a quantity, each on its own scale."""

from __future__ import annotations

from collections.abc import Mapping

from minicvt.errors import OptionError
from minicvt.viz.board import Board
from minicvt.viz.style import COLOURS, MUTED, Picture, styled

FILLS = (*COLOURS[:3], MUTED)
EDGE, LABEL, BAR, NUMBER, TIMES = 0.1, 1.75, 2.6, 1.15, 0.75
ROW, TITLE, GAP = 0.21, 0.26, 0.14


@styled
def bars(groups: Mapping[str, Mapping[str, float]]) -> Picture:
    """Draw ``groups``: of each quantity its values by name, the largest full width.

    Beside a bar stand its number and how many times the least of its group it is.
    Raises ``OptionError`` for an empty group and for values that are not positive.
    """
    for quantity, values in groups.items():
        if not values or min(values.values()) <= 0:
            raise OptionError(f"bars: {quantity} needs positive values, got {values}")
    rows = sum(len(values) for values in groups.values())
    height = 0.1 + ROW * rows + (TITLE + GAP) * len(groups)
    board = Board(EDGE + LABEL + BAR + NUMBER + TIMES, height)
    top = 0.06
    for quantity, values in groups.items():
        board.words(EDGE, top, quantity, weight="bold")
        _group(board, top + TITLE, values)
        top += TITLE + ROW * len(values) + GAP
    board.figure.alt = "; ".join(_said(*group) for group in groups.items())
    board.figure.caption = "In each group the longest bar is the largest value."
    return board.figure


def _group(board: Board, top: float, values: Mapping[str, float]) -> None:
    axes = board.axes(EDGE + LABEL, top, BAR, ROW * len(values))
    colours = [FILLS[i % len(FILLS)] for i in range(len(values))]
    axes.barh(range(len(values)), list(values.values()), color=colours, height=0.7)
    axes.set(xlim=(0, max(values.values())), ylim=(len(values) - 0.5, -0.5))
    axes.axis("off")
    least = min(values.values())
    right = EDGE + LABEL + BAR + NUMBER
    for row, (name, value) in enumerate(values.items()):
        line = top + ROW * row + 0.025
        board.words(EDGE + 0.1, line, name)
        board.words(right, line, number(value), ha="right", color=MUTED)
        how_many = f"{times(value / least)}x"
        board.words(right + TIMES - EDGE, line, how_many, ha="right", weight="bold")


def number(value: float) -> str:
    """Write whole numbers with commas, others with three digits."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"


def times(ratio: float) -> str:
    """Write a ratio with two decimals; from a thousand on as a whole number."""
    return f"{ratio:.2f}" if ratio < 1000 else f"{ratio:,.0f}"


def _said(quantity: str, values: Mapping[str, float]) -> str:
    each = ", ".join(f"{name} {number(value)}" for name, value in values.items())
    return f"{quantity}: {each}"
