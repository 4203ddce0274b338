"""How costs grow, on log-log axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from minicvt.accounting.growth import Sweep, exponents
from minicvt.viz.board import Board
from minicvt.viz.style import BLUE, COLOURS, FAINT, MUTED, ORANGE, Picture, styled

PANELS = (
    ("macs", "multiply-adds of a pass, G", 1e9),
    ("kept", "kept for backward, MiB", 2**20),
    ("seconds", "milliseconds of a pass", 1e-3),
)
LINES = (ORANGE, BLUE, *COLOURS[2:])  # CvT, the first, is orange in every picture
WIDTH, HEIGHT, GAP = 2.35, 2.2, 0.55
ROW = HEIGHT + 1.35
LINE = 0.07  # of a panel's height, for words in it


@styled
def growth(sweeps: Sequence[Sweep]) -> Picture:
    """Draw each sweep in a row: multiply-adds, what is kept, time.

    In the corners stand the exponents of each curve, from its smallest sizes to its
    largest, fitted over three.
    """
    board = Board(3 * WIDTH + 4 * GAP, ROW * len(sweeps) - 0.1)
    for row, sweep in enumerate(sweeps):
        top = ROW * row
        board.words(0.15, top + 0.06, f"by the {sweep.title}", weight="bold")
        _names(board, top + 0.27, sweep)
        for column, (quantity, words, unit) in enumerate(PANELS):
            left = GAP + column * (WIDTH + GAP)
            board.words(left, top + 0.52, words, fontsize=8.5, color=MUTED)
            axes = board.axes(left, top + 0.76, WIDTH, HEIGHT)
            _panel(axes, sweep, quantity, unit)
    board.figure.alt = " ".join(map(_said, sweeps))
    board.figure.caption = (
        "Log-log axes. In the corners: exponents, fitted over the three smallest sizes "
        "and the three largest; time stops where a pass takes seconds."
    )
    return board.figure


def _names(board: Board, top: float, sweep: Sweep) -> None:
    left = 0.15
    for curve, colour in zip(sweep.curves, LINES, strict=False):
        board.words(left, top, curve.name, color=colour, fontsize=9, weight="bold")
        left += 0.3 + 0.083 * len(curve.name)


def _panel(axes: Axes, sweep: Sweep, quantity: str, unit: float) -> None:
    """Draw one cost of every curve, and write the exponents in the corner above."""
    axes.set(xscale="log", yscale="log")
    drawn: list[float] = []
    for row, (curve, colour) in enumerate(zip(sweep.curves, LINES, strict=False)):
        known = [s for s in curve.samples if getattr(s, quantity) is not None]
        costs = [getattr(s, quantity) / unit for s in known]
        sizes = [s.size for s in known]
        axes.plot(sizes, costs, "o-", color=colour, linewidth=1.6, markersize=3.2)
        drawn += costs
        if fitted := exponents(curve, quantity):
            words = " to ".join(map(str, fitted))
            how: dict[str, Any] = {"fontsize": 7.5, "color": colour, "va": "top"}
            height = 0.985 - LINE * row
            axes.text(0.03, height, words, transform=axes.transAxes, **how)
    sizes = [sample.size for sample in sweep.curves[0].samples]
    axes.set_xlim(sizes[0] / 1.15, sizes[-1] * 1.15)
    if drawn:
        axes.set_ylim(*_room(drawn, len(sweep.curves)))
        axes.yaxis.set_major_locator(FixedLocator(_decades(drawn)))
    axes.xaxis.set_major_locator(FixedLocator(_spread(sizes)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter(FuncFormatter(_plain))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
    axes.grid(linewidth=0.8, color=FAINT)
    axes.tick_params(length=0, labelsize=8)
    axes.set_xlabel(sweep.letter, fontsize=8.5)


def _plain(value: float, _: Any) -> str:
    """Write 1,000,000 and 0.01, never 1e+06."""
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def _decades(costs: Sequence[float]) -> list[float]:
    """Powers of ten from below the least to the last one below the most."""
    powers = range(floor(log10(min(costs))), floor(log10(max(costs))) + 1)
    return [10.0**power for power in powers]


def _room(costs: Sequence[float], lines: int) -> tuple[float, float]:
    """Limits that leave a line of words a curve above: two decades or more below it."""
    low, high = log10(min(costs)), log10(max(costs))
    missing = max(2 - (high - low), 0.3) / 2
    low, high = low - missing, high + missing
    high += (high - low) * LINE * (lines + 1) / (1 - LINE * (lines + 1))
    return 10**low, 10**high


def _spread(sizes: Sequence[int]) -> list[int]:
    """Return the sizes to write, far enough apart on a log axis."""
    shown = [sizes[0]]
    for size in sizes[1:]:
        if size >= 1.6 * shown[-1]:
            shown.append(size)
    return shown


def _said(sweep: Sweep) -> str:
    """Say the exponents of a sweep in words."""
    said = [
        f"{curve.name}, {words.split(',')[0]}: {fitted[0]} to {fitted[1]}"
        for curve in sweep.curves
        for quantity, words, _ in PANELS
        if (fitted := exponents(curve, quantity))
    ]
    return f"Exponents by the {sweep.title}: {'; '.join(said)}."
