"""Attention rollout through a pyramid: from the class token to the pixels.

Abnar & Zuidema (2020) follow attention through blocks that all have the same
tokens: each passes on half by attention and half by the residual path,
F = (A + I) / 2, and a row of the product says where a token's content came from. In
CvT there are fewer keys than queries and each stage has a map of its own, so two
steps join: a key hands what it holds to the tokens its window read, and a token of
one stage to the tokens (at last, pixels) that its embedding's window read. How a
window deals is in :mod:`minicvt.interpret.windows`. Nothing here is learned, and
nothing but the observer's events is read.
"""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

import numpy as np

from minicvt.errors import OptionError
from minicvt.grid import Grid
from minicvt.interpret.windows import WINDOWED, Window
from minicvt.kernels.types import Array
from minicvt.observe import Event, OperationEvent, observe
from minicvt.ops import attention_map
from minicvt.train import evaluation

KEYS = re.compile(r"\.attn\.conv_proj_q?k")


class Block(NamedTuple):
    """One block's attention ``(B, T, S)``, the mean over its heads, and its grids."""

    attention: Array
    query_grid: Grid
    key_grid: Grid
    window: Window | None

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
    """One stage: the window that embedded its tokens, then its blocks."""

    embed: Window
    blocks: list[Block]

    @property
    def grid(self) -> Grid:
        """How the tokens of this stage lie."""
        return self.blocks[0].query_grid


class Watcher:
    """An observer that keeps of a CvT's run what rollout needs, stage by stage."""

    def __init__(self) -> None:
        self.levels: list[Level] = []
        self.window: Window | None = None

    def __call__(self, event: Event) -> None:
        """Take note of embeddings, of the keys' windows and of attention."""
        if not isinstance(event, OperationEvent):
            return
        if event.name in WINDOWED and event.path.endswith("patch_embed.proj"):
            self.levels.append(Level(Window.of(event), []))
        elif event.name in WINDOWED and KEYS.search(event.path):
            self.window = Window.of(event)
        elif self.window and event.name == "getitem" and event.output.ndim == 4:
            # one convolution for q, k and v, whose map is strided for keys alone
            rows, columns = event.options["index"][1:3]
            self.window = self.window._replace(stride=(rows.step, columns.step))
        elif event.name == "attend" and self.levels:
            grids = event.options["query_grid"], event.options["key_grid"]
            mean = attention_map(event).mean(axis=1)
            self.levels[-1].blocks.append(Block(mean, *grids, self.window))
            self.window = None


def watch(model: Any, images: Array) -> list[Level]:
    """Run ``model`` on images ``(B, H, W, C)``; return its stages, first to last.

    Raises ``OptionError`` for a model that has no stages of attention over a map.
    """
    watcher = Watcher()
    with evaluation(model), observe(watcher):
        model(images)
    if not watcher.levels or not all(level.blocks for level in watcher.levels):
        raise OptionError(
            "rollout: expected stages that embed and then attend, as in CvT; "
            f"found {len(watcher.levels)} embeddings"
        )
    return watcher.levels


def rollout(levels: list[Level], blocks: int | None = None) -> Array:
    """Share of each pixel in the class token, ``(B, H, W)``.

    Block by block, from the last: row <- (row A D + row) / 2; between stages, and to
    the pixels, through the embeddings' windows. Every share is >= 0 and an image's
    sum to at most 1: what falls on padding or stays on a class token is dropped.
    Without a class token it starts from the mean of all tokens, as the readout does.

    ``blocks`` follows only so many, from the last, and below them windows alone: the
    last stage by itself, or with 1 the class attention of the last block (halved).
    """
    left = math.inf if blocks is None else blocks
    row = _readout(levels[-1])
    for level in reversed(levels):
        unread = np.zeros((len(row), level.grid.tokens - row.shape[1]), row.dtype)
        row = np.concatenate([unread, row], axis=1)  # class tokens of lower stages
        for block in reversed(level.blocks):
            row = block.back(row) if left > 0 else row
            left -= 1
        _, places = on_map(row, level.grid)
        pixels = level.embed.deal(places)
        row = pixels.reshape(len(row), -1)
    return pixels


def _readout(top: Level) -> Array:
    """What the head reads of the last tokens ``(B, T)``: one, or all alike."""
    attention, grid = top.blocks[-1].attention, top.grid
    row = np.zeros(attention.shape[:2], attention.dtype)
    row[:, : grid.special or None] = 1 / (grid.special or grid.tokens)
    return row


def on_map(row: Array, grid: Grid) -> tuple[Array, Array]:
    """Cut ``(B, n + HW)`` into special tokens ``(B, n)`` and a map ``(B, H, W)``."""
    places = row[:, grid.special :].reshape(-1, grid.height, grid.width)
    return row[:, : grid.special], places


def off_map(special: Array, places: Array) -> Array:
    """Undo :func:`on_map`."""
    return np.concatenate([special, places.reshape(len(places), -1)], axis=1)
