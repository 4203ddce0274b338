"""Arrays as bytes in a page, so coarse that it stays small and fine enough to see."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minicvt.grid import Grid
from minicvt.kernels.types import Array

TOP, TINY = 255, 1e-12


class Kept(NamedTuple):
    """The places of a map whose queries a page keeps; special tokens all stay."""

    rows: list[int]
    columns: list[int]

    def of(self, grid: Grid, tokens: Array) -> Array:
        """Take them out of the next to last axis, special tokens first."""
        places = np.array(self.rows)[:, None] * grid.width + self.columns
        chosen = [*range(grid.special), *(grid.special + places.ravel())]
        return tokens[..., chosen, :]


def pack(weights: Array) -> Array:
    """Attention ``(..., S)`` as bytes: u = round(255 sqrt(w / max w)), row by row.

    The root keeps small weights apart, of which a long row has many.
    """
    largest = weights.max(axis=-1, keepdims=True)
    return np.round(TOP * np.sqrt(weights / largest)).astype(np.uint8)


def unpack(codes: Array) -> Array:
    """Undo :func:`pack`: w = u^2 / sum u^2, so that every row sums to 1."""
    squares = codes.astype(np.float64) ** 2
    return squares / squares.sum(axis=-1, keepdims=True)


def shades(values: Array, low: float, high: float) -> str:
    """Values from ``low`` to ``high`` in 256 equal steps, as base64."""
    share = (values - low) / max(high - low, TINY)
    return text(np.round(TOP * np.clip(share, 0, 1)).astype(np.uint8))


def text(codes: Array) -> str:
    """Bytes in base64."""
    return b64encode(codes.tobytes()).decode()


def thinned(grid: Grid, step: int) -> Kept:
    """Every ``step``-th row and column, centred."""
    sides = (grid.height, grid.width)
    return Kept(*([*range((n - 1) % step // 2, n, step)] for n in sides))


def steps(stages: Sequence[Sequence[Any]], budget: int) -> list[int]:
    """Step of each stage's queries with which all stages fit into ``budget`` bytes.

    ``stages`` hold the attention of their blocks, with ``weights`` and grids. It is
    always the largest stage that gives way.
    """
    found = [1] * len(stages)
    while sum(cost := [*map(size, stages, found)]) > budget:
        largest = cost.index(max(cost))
        if found[largest] >= max(stages[largest][0].query_grid[:2]):
            break
        found[largest] += 1
    return found


def size(blocks: Sequence[Any], step: int = 1) -> int:
    """Bytes that the attention of a stage's blocks takes."""
    return sum(_size(block, step) for block in blocks)


def _size(block: Any, step: int) -> int:
    kept, grid = thinned(block.query_grid, step), block.query_grid
    queries = grid.special + len(kept.rows) * len(kept.columns)
    heads, _, keys = block.weights.shape
    return heads * queries * keys
