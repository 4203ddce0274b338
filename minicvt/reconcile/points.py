"""Table 3 as points: top-1 on ImageNet as printed, multiply-adds as counted."""

from __future__ import annotations

from dataclasses import dataclass

from minicvt.reconcile.printed import Place, cells
from minicvt.reconcile.subjects import meant
from minicvt.reconcile.verdicts import UNITS

MORE = " 22k"
"""What ends the names of models that saw ImageNet-22k first."""


@dataclass(frozen=True)
class Point:
    """One row of table 3.

    ``macs`` are counted, or what is printed as FLOPs where there is no model to count;
    ``accuracy`` is in percent. ``more`` says that ImageNet-22k was seen before.
    """

    name: str
    family: str
    accuracy: float
    macs: float
    counted: bool
    more: bool


def points() -> list[Point]:
    """Return every model of table 3, in its order."""
    rows = dict.fromkeys(place.row for place in cells() if place.table == "3")
    return [_point(row) for row in rows]


def _point(row: str) -> Point:
    flops = Place("3", row, "FLOPs (G)")
    models = meant(flops)
    if models:
        macs: float = models[0].ledger.macs
    else:
        macs = float(cells()[flops]) * UNITS["FLOPs (G)"]
    return Point(
        row.removesuffix(MORE).replace("^", ""),
        row.partition("-")[0],
        float(cells()[Place("3", row, "ImageNet")]),
        macs,
        bool(models),
        row.endswith(MORE),
    )
