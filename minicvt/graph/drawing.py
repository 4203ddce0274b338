"""The tape as an SVG that needs no other program: a row a node, arcs that skip rows.

Time runs down. A straight line joins a row to the one it feeds next; an arc at the
side joins it to a later one, so residual branches stand out as long arcs that end
in an addition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt
from typing import TYPE_CHECKING

from minicvt.graph.svg import FAINT, arc, document, dot, rect, square, text

if TYPE_CHECKING:
    from minicvt.graph.tape import Row

MOST = 400  # rows drawn; of a longer tape the middle is left out
ROW, TOP, BAR = 22, 44, 90
FLOW, BRANCH, RESIDUAL, LEAF = "#0072b2", "#8fbfdc", "#d55e00", "#009e73"
LETTER = 7.0  # width of one, about
KEY = (
    (dot, FLOW, True, "multiply-adds"),
    (dot, FLOW, False, "none"),
    (square, LEAF, True, "a leaf that learns"),
    (square, LEAF, False, "a constant"),
)
RESIDUALS = "a residual branch, into its sum"


def draw(rows: Sequence[Row]) -> str:
    """Return the drawing of a tape's rows."""
    shown = [*rows] if len(rows) <= MOST else [*rows[: MOST // 2], *rows[-MOST // 2 :]]
    left_out = len(rows) - len(shown)
    places = _places(shown, left_out)
    edges = sorted(_edges(shown, places))
    gutter = 20 + max((_bulge(end - start) for _, start, end in edges), default=0)
    x = _columns(shown, gutter)
    parts = [*_headers(x), *(_edge(*edge, gutter) for edge in edges)]
    most = max((row.kept or 0 for row in rows), default=0)
    paths = ["", *(row.path for row in shown)]
    for row, before in zip(shown, paths, strict=False):
        parts += _row(row, places[row.number], before, x, most)
    if left_out:
        words = f"... {left_out:,} rows in between ..."
        parts.append(text(x["operation"], _y(len(shown) // 2) + 4, words, "m"))
    bottom = len(shown) + bool(left_out)
    parts += _footer(rows, x, _y(bottom) + 8)
    title = "The tape, first operation at the top"
    width = max(x["kept"] + BAR + 80, x["operation"] + _key_width())
    return document(width, _y(bottom) + 50, title, parts)


def _places(shown: Sequence[Row], left_out: int) -> dict[int, int]:
    """Row number to line of the drawing; what is left out takes one line."""
    half = len(shown) // 2
    return {
        row.number: line + bool(left_out and line >= half)
        for line, row in enumerate(shown)
    }


def _edges(
    shown: Sequence[Row], places: dict[int, int]
) -> Iterator[tuple[int, int, int]]:
    """Layer, start and end: residuals are drawn over the other arcs."""
    for row in shown:
        for source in row.sources:
            if source.row in places:
                start, end = places[source.row], places[row.number]
                residual = row.operation == "add" and end - start > 1
                yield (2 if residual else int(end - start == 1)), start, end


def _edge(layer: int, start: int, end: int, x: float) -> str:
    colour = (BRANCH, FLOW, RESIDUAL)[layer]
    return arc(x, _y(start), _y(end), _bulge(end - start), colour)


def _bulge(span: int) -> float:
    """How far an arc over ``span`` rows reaches: less than in proportion."""
    return 0.0 if span == 1 else min(8 * sqrt(span), 130.0)


def _y(line: int) -> float:
    return TOP + ROW * (line + 0.5)


def _columns(rows: Sequence[Row], gutter: float) -> dict[str, float]:
    """Where each column begins (numbers: ends), from the texts it must hold."""

    def widest(texts: Sequence[str], least: str) -> float:
        return LETTER * max(map(len, [*texts, least])) + 12

    leaves = max(sum(s.row is None for s in row.sources) for row in rows)
    x = {"dot": gutter, "leaf": gutter + 17}
    x["number"] = x["leaf"] + 9 * leaves + widest([str(rows[-1].number)], "") - 6
    x["operation"] = x["number"] + 10
    x["path"] = x["operation"] + widest([row.operation for row in rows], "operation")
    paths = widest([row.path for row in rows], "") * 0.94
    x["shape"] = x["path"] + max(paths, widest([], "module") + 6)
    x["macs"] = x["shape"] + widest([_shape(row.shape) for row in rows], "output")
    x["macs"] += widest([f"{row.macs:,}" for row in rows], "MACs")
    x["kept"] = x["macs"] + 24
    return x


def _headers(x: dict[str, float]) -> list[str]:
    names = {"operation": "operation", "path": "module", "shape": "output"}
    names["kept"] = "kept for backward"
    heads = [text(x[key], TOP - 16, name, "m h") for key, name in names.items()]
    return [*heads, text(x["macs"], TOP - 16, "MACs", "m h r")]


def _row(
    row: Row, line: int, before: str, x: dict[str, float], most: int
) -> Iterator[str]:
    y, base = _y(line), _y(line) + 4
    sources = ", ".join(map(str, row.sources))
    title = f"{row.number}: {row.operation}({sources}) -> {row.shape}"
    yield dot(x["dot"], y, FLOW, bool(row.macs), title)
    leaves = [source for source in row.sources if source.row is None]
    for i, leaf in enumerate(leaves):
        yield square(x["leaf"] + 9 * i, y, LEAF, leaf.learns, str(leaf))
    shared = _shared(before, row.path)
    yield text(x["number"], base, str(row.number), "m r")
    yield text(x["operation"], base, row.operation, "h" if row.macs else "")
    yield text(x["path"], base, row.path[shared:], lead=row.path[:shared])
    yield text(x["shape"], base, _shape(row.shape), "m")
    if row.macs:
        yield text(x["macs"], base, f"{row.macs:,}", "r")
    width = BAR * (row.kept or 0) / most if most else 0.0
    yield rect(x["kept"], y - 5, width, 10, FAINT)
    if row.kept != 0:
        yield text(x["kept"] + width + 6, base, size(row.kept), "m")


def _shared(before: str, path: str) -> int:
    """Letters of ``path`` that are modules the row before was in too."""
    mine, other = path.split("."), before.split(".")
    same = 0
    while same < min(len(mine) - 1, len(other)) and mine[same] == other[same]:
        same += 1
    return len(".".join(mine[:same])) + bool(same)


def _footer(rows: Sequence[Row], x: dict[str, float], y: float) -> Iterator[str]:
    kept = None if any(r.kept is None for r in rows) else sum(r.kept or 0 for r in rows)
    yield text(x["operation"], y, f"{len(rows):,} operations", "h")
    yield text(x["macs"], y, f"{sum(row.macs for row in rows):,}", "h r")
    yield text(x["kept"] + 6, y, size(kept), "h")
    left = x["operation"]
    for mark, colour, filled, words in KEY:
        yield mark(left, y + 20, colour, filled, words)
        yield text(left + 10, y + 24, words, "m")
        left += LETTER * len(words) + 30
    yield arc(left + 6, y + 12, y + 29, 9, RESIDUAL)
    yield text(left + 12, y + 24, RESIDUALS, "m")


def _key_width() -> float:
    """Width of the key under the rows."""
    marks = sum(LETTER * len(words) + 30 for *_, words in KEY)
    return marks + LETTER * len(RESIDUALS) + 24


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) if shape else "scalar"


def size(count: int | None) -> str:
    """Bytes in words: 512 B, 36.9 kB, 1.2 MB (powers of 1000); None was freed."""
    if count is None:
        return "freed"
    value, units = float(count), ["B", "kB", "MB", "GB"]
    while value >= 999.5 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.0f} B" if units[0] == "B" else f"{value:.3g} {units[0]}"
