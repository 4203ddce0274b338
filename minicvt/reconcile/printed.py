"""What the paper prints: tables 1-8, digit for digit, and what its text says of them.

``printed.json`` quotes arXiv 2103.15808v1. Nothing here is computed, and nothing there
is a target: it is what the rest of this room holds beside what is counted.
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

DASH, TICK = "-", "yes"
"""What stands where the paper prints no number or no tick, and where a tick."""

ALL = "all"


class Place(NamedTuple):
    """Where something is printed."""

    table: str
    row: str
    column: str

    def __str__(self) -> str:
        return f"table {self.table}, {self.row}, {self.column}"


class Claim(NamedTuple):
    """What the text says of numbers in the tables.

    ``rule`` is how the ``value`` comes from what is printed at ``of`` and, where two
    are compared, ``other``: see :mod:`minicvt.reconcile.claims`.
    """

    where: str
    says: str
    rule: str
    value: str
    of: Place
    other: Place | None


@cache
def document() -> dict[str, Any]:
    """Return ``printed.json``."""
    file = resources.files("minicvt.reconcile") / "printed.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def tables() -> dict[str, str]:
    """Return the caption of each table, by number."""
    return {number: table["caption"] for number, table in document()["tables"].items()}


@cache
def cells() -> dict[Place, str]:
    """Return every printed cell, in reading order.

    What table 2 prints once for its three models is in the column ``ALL``.
    """
    found = {}
    for number, table in document()["tables"].items():
        for row, *values in table["rows"]:
            columns = [ALL] if len(values) == 1 else table["columns"]
            for column, value in zip(columns, values, strict=True):
                found[Place(number, row, column)] = value
    return found


def claims() -> list[Claim]:
    """Return what the text says of the tables."""
    return [
        Claim(
            c["where"],
            c["says"],
            c["rule"],
            c["value"],
            Place(*c["of"]),
            Place(*c["and"]) if "and" in c else None,
        )
        for c in document()["claims"]
    ]


def number(place: Place) -> Decimal:
    """Return what is printed there, exactly."""
    return Decimal(cells()[place])
