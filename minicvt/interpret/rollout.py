"""Attention rollout through a pyramid: from what the head reads to the pixels.

Abnar & Zuidema (2020) follow attention through blocks that all have the same
tokens: each passes on half by attention and half by the residual path,
F = (A + I) / 2, and a row of the product says where a token's content came from. ViT
is just that. In CvT, PVT and CMT there are fewer keys than queries and each stage has
a map of its own, so two steps join: a key hands what it holds to the tokens its window
read, and a token of one stage to the tokens (at last, pixels) that its embedding's
windows read, and the stem's under the first. How a window deals is in
:mod:`minicvt.interpret.windows`. What else mixes neighbours inside a block or stem is
not followed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from minicvt.grid import Grid
from minicvt.interpret.windows import Window
from minicvt.kernels.types import Array


class Block(NamedTuple):
    """One block's attention ``(B, T, S)``, the mean over its heads, and its grids.

    ``read`` is what the head reads of the tokens after this block, ``(B, T)``, or 0.
    """

    attention: Array
    query_grid: Grid
    key_grid: Grid
    window: Window | None
    read: Array | float = 0.0

    def back(self, row: Array) -> Array:
        """One step of rollout: (row A D + row) / 2, ``(B, T)`` to ``(B, T)``.

        D deals each key to the tokens its window read; the class token's key read
        the class token alone, and so did every key of a projection without window.
        """
        keys = (row[:, None] @ self.attention)[:, 0]
        if self.window is not None:
            special, places = on_map(keys, self.key_grid)
            keys = off_map(special, self.window.deal(places))
        return (keys + row) / 2


class Level(NamedTuple):
    """One stage: the windows that lead up to its tokens, in order, then its blocks."""

    windows: list[Window]
    blocks: list[Block]

    @property
    def grid(self) -> Grid:
        """How the tokens of this stage lie."""
        return self.blocks[0].query_grid

    def down(self, row: Array) -> Array:
        """Deal tokens ``(B, T)`` to the map below ``(B, H, W)``, special ones left."""
        _, places = on_map(row, self.grid)
        for window in reversed(self.windows):
            places = window.deal(places)
        return places


def rollout(levels: list[Level], blocks: int | None = None) -> Array:
    """Share of each pixel in what the head reads, ``(B, H, W)``.

    Block by block, from the last: row <- (row A D + row) / 2, to which the head's own
    share of each block's tokens is added on the way; between stages, and to the pixels,
    through the embeddings' windows. Every share is >= 0 and an image's sum to at most
    1: what falls on padding or stays on a class token is dropped.

    ``blocks`` follows only so many, from the last, and below them windows alone: the
    last stage by itself, or with 1 the class attention of the last block (halved).
    """
    left = math.inf if blocks is None else blocks
    row = np.zeros_like(levels[-1].blocks[-1].attention[:, :, 0])
    for level in reversed(levels):
        unread = np.zeros((len(row), level.grid.tokens - row.shape[1]), row.dtype)
        row = np.concatenate([unread, row], axis=1)  # class tokens of lower stages
        for block in reversed(level.blocks):
            row = row + block.read
            row = block.back(row) if left > 0 else row
            left -= 1
        pixels = level.down(row)
        row = pixels.reshape(len(row), -1)
    return pixels


def on_map(row: Array, grid: Grid) -> tuple[Array, Array]:
    """Cut ``(B, n + HW)`` into special tokens ``(B, n)`` and a map ``(B, H, W)``."""
    places = row[:, grid.special :].reshape(-1, grid.height, grid.width)
    return row[:, : grid.special], places


def off_map(special: Array, places: Array) -> Array:
    """Undo :func:`on_map`."""
    return np.concatenate([special, places.reshape(len(places), -1)], axis=1)
