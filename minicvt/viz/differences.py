"""Two models side by side: what each chose, and what each part costs it."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill, shorten

from minicvt.models.compare.diff import ALIKE, Difference, Row
from minicvt.models.costs import Cost
from minicvt.viz.board import Board
from minicvt.viz.style import BLUE, FAINT, MUTED, ORANGE, Picture, styled

# Inches, but for the two last, which are letters: of words in a column, and below.
WIDTH, EDGE, TOP, LINE, GAP = 13.0, 0.15, 0.95, 0.16, 0.16
WORDS, BARS, BAR, THIN = (2.15, 5.2), (8.3, 10.75), 1.25, 0.085
NUMBER, BASE = 0.8, 0.11
LETTERS, BELOW = 42, 172
COLOURS = (BLUE, ORANGE)
UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


@styled
def differences(found: Difference) -> Picture:
    """Draw what differs between two models, a row a part: a slide.

    Bars are what a part costs each of them, on one scale a column; the number beside
    them is what the second has more. What they have in common is grey.
    """
    rows = [row for row in found.rows if not row.same]
    most, most_in_all = _most(rows), _most([found.total])
    same = fill(found.same, BELOW)
    below = TOP + sum(map(_height, [*rows, found.total]))
    board = Board(WIDTH, below + LINE * (2 + same.count("\n")))
    _headers(board, found)
    top = TOP
    for row in (*rows, found.total):
        _row(board, row, top, most_in_all if row == found.total else most)
        top += _height(row)
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


def _headers(board: Board, found: Difference) -> None:
    board.words(EDGE, 0.1, found.title, fontsize=14, weight="bold")
    board.words(EDGE, 0.42, found.how, color=MUTED)
    for left, name, colour in zip(WORDS, found.names, COLOURS, strict=True):
        short = shorten(name, LETTERS, placeholder=" ...")
        board.words(left, TOP - 0.24, short, color=colour, weight="bold")
    for left, unit in zip(BARS, ("parameters", "MACs for one image"), strict=True):
        board.words(left, TOP - 0.24, unit, weight="bold")


def _row(board: Board, row: Row, top: float, scale: Cost) -> None:
    """Draw one part, under a thin rule; the whole is the one in bold."""
    whole, line = row.part == "in all", top + GAP / 2 + BASE
    how = {"va": "baseline", "weight": "bold" if whole else "normal"}
    _rule(board, top, MUTED if whole else FAINT)
    board.words(EDGE, line, row.part, **how | {"weight": "bold"})
    for left, text in zip(WORDS, _texts(row), strict=True):
        colour = {"color": MUTED} if row.alike else {}
        for below, words in enumerate(text.split("\n")):
            board.words(left, line + LINE * below, words, **how | colour)
    for i, left in enumerate(BARS):
        pair = [cost[i] for cost in row.costs or ()]
        if any(pair):
            _bars(board, left, top + GAP / 2, pair, scale[i])
            end = left + BAR + NUMBER
            board.words(end, line, more(row.more[i]), ha="right", **how)


def _rule(board: Board, top: float, colour: str) -> None:
    axes = board.axes(EDGE, top, WIDTH - 2 * EDGE, 0.02)
    axes.axhline(0, color=colour, linewidth=0.8)
    axes.axis("off")


def _bars(board: Board, left: float, top: float, pair: list[int], most: int) -> None:
    axes = board.axes(left, top, BAR, 2 * THIN)
    axes.barh([1, 0], pair, height=0.8, color=COLOURS)
    axes.set(xlim=(0, most), ylim=(-0.5, 1.5))
    axes.axis("off")


def _texts(row: Row) -> tuple[str, str]:
    first, second = (
        "\n".join(fill(x, LETTERS) for x in w.split("\n")) for w in row.words
    )
    return first, ALIKE if row.alike else second


def _height(row: Row) -> float:
    return LINE * max(text.count("\n") + 1 for text in _texts(row)) + GAP


def _said(row: Row) -> str:
    return f"{row.part}: {row.words[0]} and {row.words[1]}".replace("\n", " / ")


def more(number: int) -> str:
    """Write a difference for a slide: four digits, with a sign and a unit."""
    for size, unit in UNITS:
        if abs(number) >= size:
            return f"{number / size:+.4g} {unit}"
    return f"{number:+}" if number else "0"
