"""Two models side by side: what each chose, and what each part costs it."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill, shorten
from typing import NamedTuple

from minicvt.models.compare.diff import ALIKE, Difference, Row
from minicvt.models.costs import Cost
from minicvt.viz.board import Board
from minicvt.viz.style import COLOURS, FAINT, MUTED, Picture, styled

EDGE, HOW, LINE, GAP = 0.15, 0.42, 0.16, 0.16  # inches
THIN, NUMBER, BASE = 0.085, 0.8, 0.11
PAIR = COLOURS[:2]
UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


class Layout(NamedTuple):
    """Where things are, in inches; letters of a column's words, and of a whole line."""

    width: float
    words: tuple[float, float]
    bars: tuple[float, float]
    bar: float
    letters: int
    line: int


SLIDE = Layout(13.0, (2.15, 5.2), (8.3, 10.75), 1.25, 42, 172)
PAGE = Layout(8.4, (1.98, 3.78), (5.5, 6.93), 0.55, 23, 108)


@styled
def differences(found: Difference, slide: bool = True) -> Picture:
    """Draw what differs between two models, a row a part: a slide, or for a page.

    Bars are what a part costs each of them, on one scale a column; the number beside
    them is what the second has more. What they have in common is grey. What is no
    ``slide`` is as narrow as the page of a notebook.
    """
    lay = SLIDE if slide else PAGE
    rows = [row for row in found.rows if not row.same]
    most, most_in_all = _most(rows), _most([found.total])
    how, same = (fill(words, lay.line) for words in (found.how, found.same))
    top = HOW + LINE * (3.3 + how.count("\n"))
    below = top + sum(_height(row, lay) for row in (*rows, found.total))
    board = Board(lay.width, below + LINE * (2 + same.count("\n")))
    board.words(EDGE, 0.1, found.title, fontsize=14, weight="bold")
    board.words(EDGE, HOW, how, color=MUTED, linespacing=1.3)
    _headers(board, found, top, lay)
    for row in (*rows, found.total):
        _row(board, row, top, most_in_all if row == found.total else most, lay)
        top += _height(row, lay)
    board.words(EDGE, below + LINE / 2, same, color=MUTED, linespacing=1.3)
    board.figure.alt = f"{found.title}. {'; '.join(map(_said, rows))}. {found.same}"
    board.figure.caption = (
        "Bars are what a part costs each of the two, on one scale a column; numbers "
        "are what the second has more. Costs are counted by shapes, for one image."
    )
    return board.figure


def _most(rows: Sequence[Row]) -> Cost:
    """Return the largest parameters and MACs of any row, where a scale ends."""
    spent = [Cost(), *(cost for row in rows for cost in row.costs or ())]
    return Cost(max(c.parameters for c in spent), max(c.macs for c in spent))


def _headers(board: Board, found: Difference, top: float, lay: Layout) -> None:
    for left, name, colour in zip(lay.words, found.names, PAIR, strict=True):
        short = shorten(name, lay.letters, placeholder=" ...")
        board.words(left, top - 0.24, short, color=colour, weight="bold")
    for left, unit in zip(lay.bars, ("parameters", "MACs for one image"), strict=True):
        board.words(left, top - 0.24, unit, weight="bold")


def _row(board: Board, row: Row, top: float, scale: Cost, lay: Layout) -> None:
    """Draw one part, under a thin rule; the whole is the one in bold."""
    whole, line = row.part == "in all", top + GAP / 2 + BASE
    how = {"va": "baseline", "weight": "bold" if whole else "normal"}
    _rule(board, top, MUTED if whole else FAINT, lay)
    board.words(EDGE, line, row.part, **how | {"weight": "bold"})
    for left, text in zip(lay.words, _texts(row, lay), strict=True):
        colour = {"color": MUTED} if row.alike else {}
        for below, words in enumerate(text.split("\n")):
            board.words(left, line + LINE * below, words, **how | colour)
    for i, left in enumerate(lay.bars):
        pair = [cost[i] for cost in row.costs or ()]
        if any(pair):
            _bars(board, (left, top + GAP / 2, lay.bar), pair, scale[i])
            end = left + lay.bar + NUMBER
            board.words(end, line, more(row.more[i]), ha="right", **how)


def _rule(board: Board, top: float, colour: str, lay: Layout) -> None:
    axes = board.axes(EDGE, top, lay.width - 2 * EDGE, 0.02)
    axes.axhline(0, color=colour, linewidth=0.8)
    axes.axis("off")


def _bars(
    board: Board, place: tuple[float, float, float], pair: list[int], most: int
) -> None:
    axes = board.axes(*place, 2 * THIN)
    axes.barh([1, 0], pair, height=0.8, color=PAIR)
    axes.set(xlim=(0, most), ylim=(-0.5, 1.5))
    axes.axis("off")


def _texts(row: Row, lay: Layout) -> tuple[str, str]:
    first, second = (
        "\n".join(fill(x, lay.letters) for x in w.split("\n")) for w in row.words
    )
    return first, ALIKE if row.alike else second


def _height(row: Row, lay: Layout) -> float:
    return LINE * max(text.count("\n") + 1 for text in _texts(row, lay)) + GAP


def _said(row: Row) -> str:
    return f"{row.part}: {row.words[0]} and {row.words[1]}".replace("\n", " / ")


def more(number: int) -> str:
    """Write a difference for a slide: four digits, with a sign and a unit."""
    for size, unit in UNITS:
        if abs(number) >= size:
            return f"{number / size:+.4g} {unit}"
    return f"{number:+}" if number else "0"
