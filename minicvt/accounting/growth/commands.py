"""What ``minicvt growth`` runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

from minicvt.accounting.growth.curves import Sweep
from minicvt.accounting.growth.kernels import by_kernel
from minicvt.accounting.growth.sides import MOST, SIDES, by_side
from minicvt.accounting.growth.timing import ROUNDS, THREADS, TURN
from minicvt.accounting.growth.writing import QUANTITIES, cost_rows, exponent_rows
from minicvt.tables import markdown, table

WIDTH = 88
TITLE = "How costs grow"
HOW = (
    "One image, or map, in float32. MACs are of one pass and kept is what a training "
    "step holds for the way back, by shapes alone. Seconds are of one pass in "
    "evaluation, medians of {rounds} turns of {turn} s or more, with {threads} thread, "
    "where a pass has at most {most:,} MACs."
)
FITTED = (
    "Exponents are slopes on log-log axes, least squares over the three smallest and "
    "the three largest sizes there are, which stand in brackets."
)


def growth(
    sides: Sequence[int] | None = None,
    rounds: int = ROUNDS,
    as_markdown: bool = False,
    picture: Path | None = None,
) -> None:
    """Print tables of costs and exponents, and draw them where a file is named.

    Raises ``ShapeError`` for a side too small, ``MissingPackage`` where there is no
    matplotlib for the picture.
    """
    if picture is not None:
        from minicvt import viz  # before what takes a minute, lest it is not there
    mark = "#" if as_markdown else ""
    print(f"{mark} {TITLE}".strip() + "\n")
    _say(HOW.format(rounds=rounds, turn=TURN, threads=THREADS, most=MOST))
    _say(FITTED)
    sweeps = []
    for sweep in (by_side(sides or SIDES, rounds), by_kernel(rounds=rounds)):
        _print(sweep, as_markdown)
        sweeps.append(sweep)
    if picture is not None:
        print(viz.written(viz.growth(sweeps), picture, as_markdown))


def _print(sweep: Sweep, as_markdown: bool) -> None:
    write = markdown if as_markdown else table
    print(f"{'## ' * as_markdown}By the {sweep.title}\n")
    costs = ("of", sweep.letter, *QUANTITIES.values())
    print(write(costs, cost_rows(sweep)) + "\n")
    if rows := exponent_rows(sweep):
        print(write(("of", "exponent of", "smallest", "largest"), rows) + "\n")


def _say(words: str) -> None:
    print(fill(words, WIDTH) + "\n", flush=True)
