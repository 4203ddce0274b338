"""Where time goes, beside what the machine could do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicvt.bench.profiling import Line, Profile
from minicvt.viz.board import Board
from minicvt.viz.style import BLUE, FAINT, MUTED, Picture, styled

SHOWN = 12
"""Operations that get a bar each, the slowest; the others share one."""
ROW, LABEL, WIDTH, SHARE = 0.24, 2.1, 3.9, 0.6
HEAD = 0.85
KEY = (("measured, ms", FAINT), ("at least, by the roofline", BLUE))
SWATCH = 0.1
SMALL: dict[str, Any] = {"fontsize": 8, "color": MUTED}


@styled
def roofline(profiles: Sequence[Profile]) -> Picture:
    """Draw a bar an operation: its time, and in it the least it could be."""
    rows = [min(len(p.lines), SHOWN) + 1 for p in profiles]
    height = sum(HEAD + ROW * count for count in rows) + 0.05
    board = Board(LABEL + WIDTH + SHARE + 0.25, height)
    top = 0.1
    for one, count in zip(profiles, rows, strict=True):
        _panel(board, top, one)
        top += HEAD + ROW * count
    board.figure.alt = " ".join(map(_said, profiles))
    board.figure.caption = (
        "Milliseconds of each operation (light), and what its multiply-adds or its "
        "bytes take at least on this machine (dark); on the right its share of that "
        "roofline."
    )
    return board.figure


def _panel(board: Board, top: float, profile: Profile) -> None:
    """Draw one run: the slowest operations, then all others together."""
    shown, others = profile.lines[:SHOWN], profile.lines[SHOWN:]
    bars = [(name(line), line.seconds, line.floor) for line in shown]
    slow = sum(line.seconds for line in others) + profile.rest
    bars.append(("everything else", slow, sum(line.floor for line in others)))
    title = f"{profile.name}: {profile.seconds * 1e3:,.0f} ms"
    board.words(0.1, top, title, weight="bold")
    _key(board, top + 0.25)
    first = top + 0.45
    axes = board.axes(LABEL, first, WIDTH, ROW * len(bars))
    seconds = [1e3 * taken for _, taken, _ in bars]
    axes.barh(range(len(bars)), seconds, color=FAINT, height=0.7)
    floors = [1e3 * floor for *_, floor in bars]
    axes.barh(range(len(bars)), floors, color=BLUE, height=0.35)
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_yticks(range(len(bars)), [label for label, *_ in bars], fontsize=8)
    axes.tick_params(length=0, labelsize=8)
    axes.spines["left"].set_visible(False)
    for row, (_, taken, floor) in enumerate(bars):
        words = f"{floor / taken:.0%}" if floor else ""
        where = (LABEL + WIDTH + SHARE, first + ROW * (row + 0.5))
        board.words(*where, words, **SMALL, ha="right", va="center_baseline")


def _key(board: Board, top: float) -> None:
    """Say which bar is which, and what stands on the right."""
    left = LABEL
    for words, colour in KEY:
        swatch = board.axes(left, top, SWATCH, SWATCH)
        swatch.set(xticks=[], yticks=[], facecolor=colour)
        swatch.spines[:].set_visible(False)
        board.words(left + 1.6 * SWATCH, top, words, **SMALL)
        left += 0.35 + 0.065 * len(words)
    board.words(LABEL + WIDTH + SHARE, top, "the share", **SMALL, ha="right")


def name(line: Line) -> str:
    """Name an operation, with an arrow for the way back."""
    back = " \N{LEFTWARDS ARROW}" if line.direction == "backward" else ""
    return line.operation.replace("_", " ") + back


def _said(profile: Profile) -> str:
    """Say the three slowest in words."""
    said = [
        f"{line.operation} {line.direction} {line.seconds / profile.seconds:.0%}"
        for line in profile.lines[:3]
    ]
    return f"{profile.name}: {', '.join(said)} of the time."
