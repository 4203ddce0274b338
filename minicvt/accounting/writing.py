"""A ledger on paper: tables, CSV, JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from minicvt.accounting.entry import GROUPINGS, QUANTITIES

if TYPE_CHECKING:
    from minicvt.accounting.ledger import Ledger

HEADINGS = {
    "macs": "MACs",
    "flops": "FLOPs",
    "normalised": "normalised elements",
    "softmax": "softmax elements",
    "read": "bytes read",
    "written": "bytes written",
    "kept": "bytes kept",
}

Row = Mapping[str, Any]


def layout(
    ledger: Ledger, grouping: str, quantities: Sequence[str]
) -> tuple[list[str], list[list[Any]]]:
    """Headers and rows of a table of groups, the total last."""
    columns = [
        (heading, ledger.by(grouping, quantity, way), ledger.total(quantity, way))
        for quantity in quantities
        for heading, way in headings(ledger, quantity)
    ]
    names = dict.fromkeys(map(GROUPINGS[grouping], ledger.entries))
    body: list[list[Any]] = [
        [name, *(by.get(name, 0) for _, by, _ in columns)]
        for name in names
        if any(name in by for _, by, _ in columns)
    ]
    body.append(["total", *(total for _, _, total in columns)])
    headers = [grouping, *(heading for heading, _, _ in columns)]
    if len(columns) == 1 and len(body) > 1:
        whole = body[-1][1]
        return [*headers, "share"], [[*row, f"{row[1] / whole:.1%}"] for row in body]
    return headers, body


def headings(ledger: Ledger, quantity: str) -> list[tuple[str, str]]:
    """Return the columns of a quantity, each with its direction (``""`` for all).

    Multiply-adds have two where there is backward.
    """
    heading = HEADINGS.get(quantity, quantity)
    ways = dict.fromkeys(entry.direction for entry in ledger.entries)
    if quantity != "macs" or len(ways) < 2:
        return [(heading, "")]
    return [(f"{heading} {way}", way) for way in ways]


def as_csv(rows: Sequence[Row]) -> str:
    """Write rows with the same keys as CSV; shapes as in 1x224x224x3, None as -."""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0] if rows else (), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return " ".join("-" if shape is None else _shape(shape) for shape in value)
    return _shape(value) if isinstance(value, tuple) else value


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "()"


def as_json(total: Row, rows: Sequence[Row]) -> str:
    """Write totals and rows as JSON, a line each, and what each quantity is."""
    head = {"quantities": QUANTITIES, "total": total}
    lines = [f'"{key}": {json.dumps(value)}' for key, value in head.items()]
    body = ",\n".join(map(json.dumps, rows))
    return "{\n" + ",\n".join(lines) + f',\n"rows": [\n{body}\n]\n}}\n'
