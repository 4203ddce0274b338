"""Where a model's parameters and multiply-adds are: part by part, stage by stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from matplotlib.colors import to_hex

from minicvt.accounting.summary import ledger_of
from minicvt.models import Config
from minicvt.models.costs import Size
from minicvt.models.parts import part_of
from minicvt.viz.board import Board
from minicvt.viz.style import MUTED, SEQUENTIAL, Picture, styled

EDGE, LABEL, BAR, NUMBER, SHARE = 0.1, 1.75, 1.5, 1.05, 0.55
ROW, TOP = 0.24, 0.92
WIDE = BAR + NUMBER + SHARE  # a column
ELSEWHERE = "elsewhere"

Counts = dict[tuple[str, str], int]
"""By part, and by stage or elsewhere."""


@styled
def parts(config: Config, image: Size | None = None) -> Picture:
    """Draw a model's parameters and MACs: a row a part, a tone a stage.

    Bars are shares of the whole model, and the MACs those of one image. Costs belong
    to the part and the stage that their path names.
    """
    size = image or config.image
    columns = counted(config, size)
    totals = {what: _by_part(counts) for what, counts in columns.items()}
    rows = sorted(
        {part for total in totals.values() for part, n in total.items() if n},
        key=lambda part: [-total[part] for total in reversed(totals.values())],
    )
    board = Board(EDGE + LABEL + 2 * WIDE, TOP + ROW * len(rows) + 0.05)
    title = f"{config.name} at {size[0]} x {size[1]}"
    board.words(EDGE, 0.05, title, weight="bold", fontsize=10)
    places = sorted({place for counts in columns.values() for _, place in counts})
    _key(board, places := [*(p for p in places if p != ELSEWHERE), ELSEWHERE])
    for row, part in enumerate(rows):
        board.words(EDGE, TOP + ROW * row + 0.03, part)
    for column, (what, counts) in enumerate(columns.items()):
        left = EDGE + LABEL + column * WIDE
        whole = sum(counts.values())
        board.words(left, TOP - 0.22, f"{what}: {whole:,}", weight="bold")
        _bars(board, left, rows, places, counts)
        _numbers(board, left + BAR, [totals[what][part] for part in rows], whole)
    board.figure.alt = f"{title}. " + "; ".join(
        f"{part}: " + ", ".join(f"{totals[what][part]:,} {what}" for what in columns)
        for part in rows
    )
    board.figure.caption = (
        "Bars are shares of the whole model, counted by shapes for one image. What has "
        "neither parameters nor MACs is not drawn."
    )
    return board.figure


def counted(config: Config, image: Size) -> dict[str, Counts]:
    """Count parameters and MACs by part and stage; what is in none is elsewhere."""
    model, ledger = ledger_of(config, image)
    parameters: Counter[tuple[str, str]] = Counter()
    for name, parameter in model.named_parameters():
        parameters[part_of(name), _place(name)] += parameter.size
    macs: Counter[tuple[str, str]] = Counter()
    for entry in ledger.entries:
        macs[entry.part, _place(entry.path)] += entry.macs
    return {"parameters": dict(parameters), "MACs": dict(macs)}


def _place(path: str) -> str:
    first = path.partition(".")[0]
    return first if first.startswith("stage") else ELSEWHERE


def _by_part(counts: Counts) -> Counter[str]:
    totals: Counter[str] = Counter()
    for (part, _), number in counts.items():
        totals[part] += number
    return totals


def _tone(index: int, count: int) -> str:
    return to_hex(SEQUENTIAL(0.25 + 0.75 * index / max(count - 1, 1)))


def _key(board: Board, places: Sequence[str]) -> None:
    for i, place in enumerate(places):
        left = EDGE + 0.85 * i
        axes = board.axes(left, 0.36, 0.12, 0.12)
        axes.set_facecolor(_tone(i, len(places)))
        axes.set(xticks=[], yticks=[])
        board.words(left + 0.18, 0.34, place.replace("stage", "stage "), color=MUTED)


def _bars(
    board: Board,
    left: float,
    rows: Sequence[str],
    places: Sequence[str],
    counts: Counts,
) -> None:
    """Draw the shares, stages one behind the other."""
    axes = board.axes(left, TOP, BAR, ROW * len(rows))
    most = max(_by_part(counts).values())
    starts = [0] * len(rows)
    for i, place in enumerate(places):
        widths = [counts.get((part, place), 0) for part in rows]
        tone = _tone(i, len(places))
        axes.barh(range(len(rows)), widths, left=starts, height=0.66, color=tone)
        starts = [a + b for a, b in zip(starts, widths, strict=True)]
    axes.set(xlim=(0, most), ylim=(len(rows) - 0.5, -0.5))
    axes.axis("off")


def _numbers(board: Board, left: float, totals: Sequence[int], whole: int) -> None:
    for row, total in enumerate(totals):
        top = TOP + ROW * row + 0.03
        how = {"ha": "right", "color": MUTED}
        board.words(left + NUMBER, top, f"{total:,}" if total else "-", **how)
        if total:
            share = left + NUMBER + SHARE - 0.1
            board.words(share, top, f"{total / whole:.1%}", ha="right")
