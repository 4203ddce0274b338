"""Small images in rows, a line of words under each."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from minicvt.errors import ShapeError
from minicvt.viz.board import Board, visible
from minicvt.viz.style import MUTED, Picture, styled

TILE, GAP, MARGIN, ACROSS, UNDER = 0.82, 0.2, 0.1, 5, 0.42


@styled
def gallery(images: Any, words: Sequence[str]) -> Picture:
    """Draw images (N, H, W, C) with ``words`` under each, five in a row.

    Raises ``ShapeError`` unless there are as many words as images, and some.
    """
    if len(images) != len(words) or not len(images):
        raise ShapeError(f"gallery: {len(words)} words for {len(images)} images")
    height, width = images[0].shape[:2]
    step = TILE * height / width + UNDER
    rows = ceil(len(images) / ACROSS)
    across = ACROSS * TILE + (ACROSS - 1) * GAP
    board = Board(2 * MARGIN + across, rows * step + 0.05)
    for i, (image, line) in enumerate(zip(images, words, strict=True)):
        left = MARGIN + i % ACROSS * (TILE + GAP)
        top = 0.05 + i // ACROSS * step
        shown, how, _ = visible(image)
        board.tile(left, top, TILE, shown, **how)
        board.words(left, top + step - UNDER + 0.04, line, fontsize=8, color=MUTED)
    board.figure.alt = f"{len(images)} images: " + "; ".join(words).replace("\n", " ")
    board.figure.caption = "Each image on its own scale, white its least value."
    return board.figure
