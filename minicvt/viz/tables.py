"""The paper's comparison: top-1 as it prints it, against multiply-adds as counted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from minicvt.reconcile import Point, points
from minicvt.viz.board import Board
from minicvt.viz.labels import label
from minicvt.viz.style import BLUE, FAINT, GREEN, INK, MUTED, ORANGE, Picture, styled

FAMILIES = {
    "CvT": ORANGE,
    "ViT": BLUE,
    "DeiT": "#2a9fd6",
    "PVT": GREEN,
    "T2T": "#b8860b",
    "TNT": "#b0579a",
    "ResNet": MUTED,
    "BiT": MUTED,
}
GIGA = 1e9
TICKS = (4, 8, 16, 32, 64, 128, 256, 512, 1024)


@styled
def accuracy_against_macs() -> Picture:
    """Draw every model of table 3: families in colour, MACs on a log scale.

    A ring is a model that is not here, at the FLOPs that are printed; a square saw
    ImageNet-22k before. Lines join a family's models that saw the same images.
    """
    there = points()
    board = Board(7.8, 5.3)
    board.words(0.1, 0.04, "top-1 on ImageNet", fontsize=10, weight="bold")
    board.words(0.1, 0.24, "percent, as printed in table 3", color=MUTED)
    axes = board.axes(0.5, 0.5, 7.15, 4.25)
    axes.set_xscale("log")
    axes.set(xlim=(2.2, 1250), ylim=(75.5, 88.6))
    axes.set_xlabel("billions of multiply-adds an image, as counted", fontsize=9)
    axes.xaxis.set_major_locator(FixedLocator(TICKS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(linewidth=0.8, color=FAINT)
    axes.tick_params(length=0)
    axes.set_axisbelow(True)
    _draw(axes, there)
    _key(axes)
    label(
        axes,
        [(p.macs / GIGA, p.accuracy) for p in there],
        [p.name for p in there],
        [{"color": FAMILIES[p.family], "fontsize": 8} for p in there],
    )
    counted = [p for p in there if p.counted]
    board.figure.alt = "Top-1 accuracy and multiply-adds: " + "; ".join(
        f"{p.name}{' with ImageNet-22k' * p.more} {p.accuracy:g} % at "
        f"{p.macs / GIGA:.4g} G"
        for p in there
    )
    board.figure.caption = (
        f"All {len(there)} models of table 3 of the CvT paper. {len(counted)} are "
        "counted in the model itself; the others, rings, are not here and stand at the "
        "FLOPs that are printed. Accuracies are the paper's. Squares were pre-trained "
        "on ImageNet-22k."
    )
    return board.figure


def _draw(axes: Axes, there: Sequence[Point]) -> None:
    for _, group in groupby(sorted(there, key=_line), key=_line):
        own = [p for p in group if p.counted]
        where = ([p.macs / GIGA for p in own], [p.accuracy for p in own])
        if own:
            colour = FAMILIES[own[0].family]
            axes.plot(*where, color=colour, linewidth=0.8, alpha=0.45)
    for p in there:
        axes.plot(
            p.macs / GIGA,
            p.accuracy,
            marker="s" if p.more else "o",
            markersize=6,
            markeredgewidth=1.4,
            color=FAMILIES[p.family],
            fillstyle="full" if p.counted else "none",
        )


def _line(point: Point) -> tuple[str, bool, bool]:
    """What models on one line have in common: a size in the name is a finer one."""
    return point.family, point.more, " " in point.name


def _key(axes: Axes) -> None:
    """Say what the three kinds of marks are, where no model is."""
    how: dict[str, Any] = {"color": INK, "linestyle": "none", "markersize": 6}
    axes.plot([], [], marker="o", label="ImageNet-1k", **how)
    axes.plot([], [], marker="s", label="after ImageNet-22k", **how)
    axes.plot([], [], marker="o", fillstyle="none", label="FLOPs as printed", **how)
    axes.legend(loc=(0.34, 0.01), frameon=False, fontsize=8)
