"""Plain tables, aligned for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def cell(value: Any) -> str:
    """Write integers with commas, other things as they print."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return f"{value:,}" if whole else str(value)


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Lay out ``rows`` under ``headers``; numbers are set flush right."""
    body = [list(row) for row in rows]
    text = [list(headers), *[[cell(value) for value in row] for row in body]]
    widths = [max(len(line[i]) for line in text) for i in range(len(headers))]
    right = [all(is_number(row[i]) for row in body) for i in range(len(headers))]

    def line(values: Sequence[str]) -> str:
        cells = zip(values, widths, right, strict=True)
        set_cells = (v.rjust(w) if r else v.ljust(w) for v, w, r in cells)
        return "  ".join(set_cells).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([line(text[0]), rule, *map(line, text[1:])])


def markdown(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Lay out the same as a Markdown table; numbers are set flush right."""
    body = [list(row) for row in rows]
    right = [all(is_number(row[i]) for row in body) for i in range(len(headers))]
    rule = ["---:" if r else "---" for r in right]
    text = [[cell(value).replace("|", "\\|") for value in row] for row in body]
    return "\n".join(f"| {' | '.join(row)} |" for row in [headers, rule, *text])


def is_number(value: Any) -> bool:
    """Whether a cell reads as a number: 12, "4.00x", "98.3%"."""
    return isinstance(value, int | float) or str(value).strip("x%+-.,0123456789") == ""
