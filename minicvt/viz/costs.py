"""What a choice saves, as bars."""

from __future__ import annotations

from typing import Any

from minicvt import accounting
from minicvt.viz.board import Board
from minicvt.viz.style import BLUE, FAINT, MUTED, Picture, styled

ROW = 0.52


@styled
def kv_savings(config: Any, image: tuple[int, int]) -> Picture:
    """Draw what strided keys and values leave of an executed model's costs.

    Each bar is the share of the same quantity at stride 1, which is the whole
    width; the counts and how many times less they are stand beside it.
    """
    savings = accounting.kv_savings(config, image)
    board = Board(5.2, 0.75 + ROW * len(savings))
    title = f"{config.name} at {image[0]} x {image[1]}"
    board.words(0.1, 0.04, title, fontsize=10, weight="bold")
    words = "keys and values at stride 1 (whole width) and as built"
    board.words(0.1, 0.24, words, color=MUTED)
    for row, saving in enumerate(savings):
        top = 0.62 + ROW * row
        board.words(0.1, top, saving.quantity)
        counts = f"{saving.stride_1:,} to {saving.strided:,}"
        board.words(4.25, top, counts, ha="right", color=MUTED)
        board.words(5.1, top, f"{saving.ratio:.2f}x", ha="right", weight="bold")
        axes = board.axes(0.1, top + 0.2, 4.15, 0.13)
        axes.barh(0, 1, color=FAINT)
        axes.barh(0, 1 / saving.ratio, color=BLUE)
        axes.set(xlim=(0, 1), ylim=(-0.4, 0.4))
        axes.axis("off")
    board.figure.alt = "; ".join(
        f"{s.quantity}: {s.stride_1:,} to {s.strided:,}, {s.ratio:.2f} times less"
        for s in savings
    )
    board.figure.caption = (
        "Counted in the executed model and in the same model with stride 1, which is "
        "the whole width."
    )
    return board.figure
