"""Verdicts as plain values, for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicvt.reconcile.claims import checked
from minicvt.reconcile.profilers import Reading
from minicvt.reconcile.recipes import WHY
from minicvt.reconcile.verdicts import Cell, totals


def as_data(cells: Sequence[Cell], readings: Sequence[Reading]) -> dict[str, Any]:
    """Return all of it as plain values."""
    return {
        "cells": [_cell_data(cell) for cell in cells],
        "totals": totals(cells),
        "claims": [
            {**c.claim._asdict(), "found": c.found, "agrees": c.agrees}
            for c in checked()
        ],
        "profilers": [
            {
                "name": r.name,
                "value": r.value,
                "versions": r.versions,
                "terms": dict(r.terms),
                "residual": r.residual,
                "why": WHY[r.name],
            }
            for r in readings
        ],
    }


def _cell_data(cell: Cell) -> dict[str, Any]:
    table, row, column = cell.place
    said = {k: getattr(cell, k) for k in ("printed", "counted", "ratio", "verdict")}
    terms = {"terms": dict(cell.terms), "draft": dict(cell.draft)}
    place = {"table": table, "row": row, "column": column}
    return {**place, **said, "how": cell.how, **terms, "against": list(cell.against)}
