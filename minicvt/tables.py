"""Tables: aligned for a terminal, in Markdown, in HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import chain, zip_longest
from textwrap import fill
from typing import Any


def cell(value: Any) -> str:
    """Write integers with commas, other things as they print."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return f"{value:,}" if whole else str(value)


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Lay out ``rows`` under ``headers``; numbers are set flush right.

    A cell may have several lines.
    """
    body = [list(row) for row in rows]
    text = [[cell(value).split("\n") for value in row] for row in [headers, *body]]
    columns = range(len(headers))
    widths = [max(len(line) for row in text for line in row[i]) for i in columns]
    right = [all(is_number(row[i]) for row in body) for i in columns]

    def line(values: Sequence[str]) -> str:
        cells = zip(values, widths, right, strict=True)
        set_cells = (v.rjust(w) if r else v.ljust(w) for v, w, r in cells)
        return "  ".join(set_cells).rstrip()

    def lines(row: Sequence[Sequence[str]]) -> Iterator[str]:
        return map(line, zip_longest(*row, fillvalue=""))

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([*lines(text[0]), rule, *chain(*map(lines, text[1:]))])


def markdown(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Lay out the same as a Markdown table."""
    body = [list(row) for row in rows]
    right = [all(is_number(row[i]) for row in body) for i in range(len(headers))]
    rule = ["---:" if r else "---" for r in right]
    text = [map(_in_markdown, row) for row in [headers, rule, *body]]
    return "\n".join(f"| {' | '.join(row)} |" for row in text)


def _in_markdown(value: Any) -> str:
    return cell(value).replace("|", "\\|").replace("\n", "<br>")


def html(
    headers: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = ""
) -> str:
    """Lay out the same in HTML; numbers have a class, and so has the row "total"."""
    head = "".join(f'<th scope="col">{escape(header)}</th>' for header in headers)
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    body = "".join(map(_html_row, rows))
    return f"<table>{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _html_row(row: Sequence[Any]) -> str:
    first, *rest = row
    kind = ' class="total"' if first == "total" else ""
    name = f'<th scope="row">{escape(cell(first))}</th>'
    return f"<tr{kind}>{name}{''.join(map(_html_cell, rest))}</tr>"


def _html_cell(value: Any) -> str:
    kind = ' class="number"' if is_number(value) else ""
    return f"<td{kind}>{escape(cell(value))}</td>"


def is_number(value: Any) -> bool:
    """Whether a cell reads as a number: 12, "4.00x", "98.3%"."""
    return isinstance(value, int | float) or str(value).strip("x%+-.,0123456789") == ""


def folded(
    headers: Sequence[str], rows: Iterable[Sequence[Any]], width: int
) -> tuple[list[Any], list[list[Any]]]:
    """Fold the words of a table's cells so that it fits ``width``.

    Numbers stay whole, in columns of ``least`` or more characters. Of what they leave,
    the first column gets a fifth, unless it alone has words, and the others share.
    """
    body = [list(row) for row in rows]
    columns = list(zip(*body, strict=True))
    numbers = [all(map(is_number, column)) for column in columns]
    longest = [
        max(map(len, [*header.split(), *map(cell, column)]))
        for header, column in zip(headers, columns, strict=True)
    ]
    room = width - 2 * (len(columns) - 1)
    room -= sum(size for size, number in zip(longest, numbers, strict=True) if number)
    words = numbers[1:].count(False)
    first = room // 5 if words else room
    widths = [first] + [
        size if number else (room - first) // words
        for size, number in zip(longest[1:], numbers[1:], strict=True)
    ]

    def fold(row: Sequence[Any]) -> list[Any]:
        return [_fold(value, size) for value, size in zip(row, widths, strict=True)]

    return fold(headers), [fold(row) for row in body]


def _fold(value: Any, width: int) -> Any:
    if not isinstance(value, str):
        return value
    return "\n".join(fill(line, width) for line in value.split("\n"))
