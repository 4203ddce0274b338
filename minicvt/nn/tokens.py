"""From a token map to tokens and back: a reshape that copies nothing.

The paper's Flatten and Reshape2D (CvT equation 2). Channels-last memory makes
token ``i * W + j`` the same run of numbers as place ``(i, j)`` of the map.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from minicvt import ops
from minicvt.errors import ShapeError
from minicvt.grid import Grid
from minicvt.tensor import Tensor

Laid = tuple[Tensor, Tensor | None]

_laid: ContextVar[list[tuple[Tensor, Grid, Laid]] | None] = ContextVar(
    "laid", default=None
)


def flatten(token_map: Tensor, special: Tensor | None = None) -> tuple[Tensor, Grid]:
    """Map ``(B, H, W, C)`` to tokens ``(B, n + HW, C)`` behind n special ones.

    ``special`` is ``(B, n, C)``, or ``(1, n, C)`` to give every sample the same.
    """
    batch, height, width, channels = token_map.shape
    tokens = token_map.reshape(batch, height * width, channels)
    if special is None:
        return tokens, Grid(height, width)
    if special.shape[0] != batch:
        special = ops.broadcast_to(special, shape=(batch, *special.shape[1:]))
    grid = Grid(height, width, special.shape[1])
    return ops.concatenate(special, tokens, axis=1), grid


@contextmanager
def laid_out_once() -> Iterator[None]:
    """Lay tokens out as a map but once, however often that is asked for inside."""
    token = _laid.set([])
    try:
        yield
    finally:
        _laid.reset(token)


def unflatten(tokens: Tensor, grid: Grid) -> Laid:
    """Tokens ``(B, n + HW, C)`` to map ``(B, H, W, C)`` and special ``(B, n, C)``.

    Raises ``ShapeError`` when there are not as many tokens as the grid has.
    """
    batch, count, channels = tokens.shape
    if count != grid.tokens:
        raise ShapeError(f"unflatten: {count} tokens do not fill the grid {grid}")
    laid = _laid.get()
    for known, where, made in laid or ():
        if known is tokens and where == grid:
            return made
    special = tokens[:, : grid.special] if grid.special else None
    places = tokens[:, grid.special :] if grid.special else tokens
    made = places.reshape(batch, grid.height, grid.width, channels), special
    if laid is not None:
        laid.append((tokens, grid, made))
    return made
