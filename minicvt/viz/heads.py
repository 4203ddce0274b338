"""What heads attend to: weights over the keys, drawn on the image."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from minicvt.errors import OptionError
from minicvt.grid import Grid, Place
from minicvt.viz import look
from minicvt.viz.board import Board, visible
from minicvt.viz.style import BLUE, HEAT, MUTED, ON_TILE, Picture, styled

TILE, GAP, MARGIN, ACROSS = 1.35, 0.22, 0.1, 3
HEAD, TITLE, SCALE = 0.42, 0.38, 0.34
VEIL = 0.65  # opacity of the map over the image
FEW = 16  # up to so many keys, each has its number written in


def class_attention(model: Any, image: Any, top: float | None = None) -> Picture:
    """Draw what the class token attends to in the last block, a tile a head.

    ``top`` ends the scale, as in :func:`attention`. Raises ``OptionError`` for a
    model whose last stage has no class token.
    """
    return attention(model, image, top=top)


@styled
def attention(
    model: Any,
    image: Any,
    stage: int = -1,
    head: int | None = None,
    query: Place = 0,
    block: int = -1,
    top: float | None = None,
) -> Picture:
    """Draw one query's attention over the keys, on the image.

    The query is the class token, another special token by its number (1 is DeiT's for
    distillation), or the token at ``(row, column)`` of its map. All heads unless one
    is named, on one scale from 0 to ``top``, by default the largest weight drawn: give
    it to compare two pictures. Weights on special keys are said in words. Raises
    ``OptionError`` for a stage, block, head or query that is not there.
    """
    seen = look.observed(model, image)
    found = seen.block(stage, block)
    rows = found.weights[:, found.query_grid.number(query)]
    heads = [*range(len(rows))] if head is None else [_checked(head, len(rows))]
    on_map = rows[:, found.key_grid.special :]
    top = float(on_map[heads].max()) if top is None else top
    board, places = _board(seen.image, len(heads))
    alone = isinstance(query, int) and found.key_grid.special == 1
    other = "itself" if alone else "special keys"
    for h, (left, upper) in zip(heads, places, strict=True):
        _words(board, left, upper, h, rows[h], found.key_grid, other)
        axes = _tile(board, left, upper + TITLE, seen.image)
        _overlay(axes, on_map[h].reshape(_size(found.key_grid)), top)
        if not isinstance(query, int):
            _mark(axes, query, found.query_grid, seen.image.shape)
    special = seen.stages[stage].special
    who = f"the {special[query]}" if isinstance(query, int) else f"token {query}"
    _title(board, f"{found.path}: attention of {who}", found.key_grid)
    board.bar(MARGIN, board.height - SCALE + 0.06, TILE, _scale(top), ".2g")
    small = {"fontsize": 8, "color": MUTED}
    scale = "weight on a key, all heads on one scale"
    board.words(MARGIN + TILE + 0.12, board.height - SCALE + 0.02, scale, **small)
    board.figure.alt = _alt(found, who, on_map, heads)
    board.figure.caption = _caption(found.key_grid, who, top)
    return board.figure


def _checked(head: int, heads: int) -> int:
    if not 0 <= head < heads:
        raise OptionError(f"head {head}: there are {heads}, counted from 0")
    return head


def _size(grid: Grid) -> tuple[int, int]:
    return grid.height, grid.width


def _board(image: Any, heads: int) -> tuple[Board, list[tuple[float, float]]]:
    """Make room for so many heads, and say where each begins."""
    high = TILE * image.shape[0] / image.shape[1] + TITLE + 0.12
    width = 2 * MARGIN + ACROSS * TILE + (ACROSS - 1) * GAP
    board = Board(width, HEAD + ceil(heads / ACROSS) * high + SCALE)
    places = [
        (MARGIN + i % ACROSS * (TILE + GAP), HEAD + i // ACROSS * high)
        for i in range(heads)
    ]
    return board, places


def _title(board: Board, words: str, grid: Grid) -> None:
    board.words(MARGIN, 0.02, words, fontsize=10, weight="bold")
    special = f" and {grid.special} special" if grid.special else ""
    keys = f"{grid.height} x {grid.width} keys{special}"
    uniform = f"uniform would be {1 / grid.tokens:.2g} each"
    board.words(MARGIN, 0.2, f"over {keys}; {uniform}", fontsize=8.5)


def _words(
    board: Board, left: float, top: float, head: int, row: Any, grid: Grid, other: str
) -> None:
    board.words(left, top + 0.02, f"head {head}", fontsize=9, weight="bold")
    words = f"largest {row[grid.special :].max():.2g}"
    if grid.special:
        words += f", {other} {row[: grid.special].sum():.2g}"
    board.words(left, top + 0.19, words, fontsize=8, color=MUTED)


def _tile(board: Board, left: float, top: float, image: Any) -> Axes:
    """Show the image over the unit square, so that any grid divides it evenly."""
    shown, how, _ = visible(image)
    return board.tile(left, top, TILE, shown, extent=(0, 1, 1, 0), **how)


def _scale(top: float) -> dict[str, Any]:
    return {"cmap": HEAT, "vmin": 0.0, "vmax": top, "alpha": VEIL}


def _overlay(axes: Axes, weights: Any, top: float) -> None:
    height, width = weights.shape
    place: dict[str, Any] = {
        "extent": (0, 1, 1, 0),
        "aspect": "auto",
        "interpolation": "none",
    }
    axes.imshow(weights, **place, **_scale(top))
    lines: dict[str, Any] = {"color": ON_TILE, "alpha": 0.35, "linewidth": 0.6}
    for row in range(1, height):
        axes.axhline(row / height, **lines)
    for column in range(1, width):
        axes.axvline(column / width, **lines)
    if weights.size <= FEW:
        for (row, column), weight in np.ndenumerate(weights):
            x, y = (column + 0.5) / width, (row + 0.5) / height
            middle: dict[str, Any] = {"ha": "center", "va": "center", "color": ON_TILE}
            axes.text(x, y, f"{weight:.2f}", fontsize=9, **middle)


def _mark(
    axes: Axes, query: tuple[int, int], grid: Grid, shape: tuple[int, ...]
) -> None:
    """Outline the token that asks."""
    row, column = query
    x = np.array([column, column + 1, column + 1, column, column]) / grid.width
    y = np.array([row, row, row + 1, row + 1, row]) / grid.height
    axes.plot(x, y, color=BLUE, linewidth=2, clip_on=False)


def _alt(found: look.Attention, who: str, on_map: Any, heads: list[int]) -> str:
    grid = found.key_grid
    each = "; ".join(
        f"head {h} at most {on_map[h].max():.2f} at row {r}, column {c}"
        for h in heads
        for r, c in [divmod(int(on_map[h].argmax()), grid.width)]
    )
    return f"Attention of {who} over {grid.height} by {grid.width} keys: {each}."


def _caption(grid: Grid, who: str, top: float) -> str:
    return (
        f"Attention of {who}, softmax weights: white 0, darkest {top:.2g}. Each of the "
        f"{grid.height} x {grid.width} keys is drawn as an equal share of the image; "
        "what it read is a wider neighbourhood."
    )
