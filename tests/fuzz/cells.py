"""The grid of the fuzz: what there must be enough cases of, as data.

A cell of a windowed operation is stride x padding x parity of height and width x groups
x layout; of graphs depth x structure x layout; of everything else the layout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from minicvt.verify.layers import LAYERS
from minicvt.verify.operations import LAYOUTS, OPERATIONS, Entry, Sample
from tests.fuzz.graphs import DEPTHS, GRAPH, STRUCTURES

Cell = dict[str, Any]
Axes = dict[str, tuple[Any, ...]]

ENTRIES: dict[str, Entry] = {**OPERATIONS, **LAYERS, "graph": GRAPH}

LAYOUT: Axes = {"layout": tuple(LAYOUTS)}
WINDOW: Axes = {
    "stride": (1, 2, 3),
    "padding": (0, 1, 2),
    "height": ("even", "odd"),
    "width": ("even", "odd"),
    **LAYOUT,
}
GRID: dict[str, Axes] = dict.fromkeys(ENTRIES, LAYOUT) | {
    "im2col": WINDOW,
    "col2im": WINDOW,
    "conv2d": WINDOW | {"groups": (1, 2, 3)},
    "depthwise_conv2d": WINDOW,  # one group a channel
    "max_pool2d": WINDOW,
    "avg_pool2d": WINDOW,
    "graph": {"depth": DEPTHS, "structure": tuple(STRUCTURES), **LAYOUT},
}
"""By operation: the axes of its grid, and what there is along each."""


def cells(name: str) -> Iterator[Cell]:
    """List the cells of one operation."""
    axes = GRID[name]
    for values in product(*axes.values()):
        yield dict(zip(axes, values, strict=True))


def side(sample: Sample, axis: int) -> int:
    """Height or width of the map that the windows are cut from."""
    x: Any = sample.inputs[0]
    return sample.options.get("size", x.shape[1:3])[axis]


def parity(number: int) -> str:
    """Say "even" or "odd"."""
    return ("even", "odd")[number % 2]


HOLDS: dict[str, Callable[[Sample, Any], bool]] = {
    "layout": lambda sample, value: sample.layout == value,
    "stride": lambda sample, value: sample.options["stride"][0] == value,
    "padding": lambda sample, value: sample.options["padding"][0] == value,
    "height": lambda sample, value: parity(side(sample, 0)) == value,
    "width": lambda sample, value: parity(side(sample, 1)) == value,
    "groups": lambda sample, value: sample.options["groups"] == value,
    "depth": lambda sample, value: len(sample.options["program"].structures) == value,
    "structure": lambda sample, value: value in sample.options["program"].structures,
}
"""Whether a call lies in a cell, axis by axis, told from the call alone."""


def lies_in(sample: Sample, cell: Cell) -> bool:
    """Whether it has all that the cell asks for."""
    return all(HOLDS[axis](sample, value) for axis, value in cell.items())
