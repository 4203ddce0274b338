"""What rollout needs of a run: windows, attention, and what the head reads.

Nothing but the observer's events is read, so that any model of these parts will do.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np

from minicvt.errors import OptionError
from minicvt.interpret.rollout import Block, Level
from minicvt.interpret.windows import WINDOWED, Window
from minicvt.kernels.types import Array
from minicvt.nn import evaluation
from minicvt.observe import Event, OperationEvent, observe
from minicvt.ops import attention_map

KEYS = re.compile(r"\.attn\.conv_proj_q?k")
STEM = re.compile(r"stem\b")


class Watcher:
    """An observer that keeps of a run what rollout needs, stage by stage."""

    def __init__(self) -> None:
        self.levels: list[Level] = []
        self.ran: Counter[str] = Counter()
        self.stem: list[Window] = []
        self.window: Window | None = None
        self.layers: Array | None = None
        self.pooled = False

    def __call__(self, event: Event) -> None:
        """Count an operation, and take note of windows, attention and readout."""
        if not isinstance(event, OperationEvent):
            return
        self.ran[event.name] += 1
        if event.name in WINDOWED:
            self.slid(event)
        elif self.window and event.name == "getitem" and event.output.ndim == 4:
            # one convolution for q, k and v, whose map is strided for keys alone
            rows, columns = event.options["index"][1:3]
            self.window = self.window._replace(stride=(rows.step, columns.step))
        elif event.name == "attend" and self.levels:
            self.attended(event)
        elif event.name == "mean" and not event.path and event.inputs[0].ndim == 4:
            self.pooled = True

    def slid(self, event: OperationEvent) -> None:
        """Keep the window of a stem, an embedding or keys."""
        if STEM.match(event.path):
            self.stem.append(Window.of(event))
        elif event.path.endswith("patch_embed.proj"):
            before = [] if self.levels else self.stem
            self.levels.append(Level([*before, Window.of(event)], []))
        elif KEYS.search(event.path):
            self.window = Window.of(event)

    def attended(self, event: OperationEvent) -> None:
        """Keep a block's attention, or CeiT's over the class tokens of all layers."""
        grids = event.options["query_grid"], event.options["key_grid"]
        mean = attention_map(event).mean(axis=1)
        if grids[1].places:
            self.levels[-1].blocks.append(Block(mean, *grids, self.window))
            self.window = None
        else:
            self.layers = mean[:, -1]

    def reads(self) -> Array:
        """What the head reads of the last stage after each block, ``(L, B, T)``.

        Special tokens all alike after the last block, or all places without one and
        where the map is pooled. With layer-wise class attention a, the class token's
        a_l / 2 after each block and as much again of the last, by the residual path.
        """
        top = self.levels[-1]
        attention, special = top.blocks[-1].attention, top.grid.special
        found = np.zeros((len(top.blocks), *attention.shape[:2]), attention.dtype)
        if self.layers is not None:
            found[:, :, 0] = self.layers.T / 2
            found[-1, :, 0] += 1 / 2
        elif special and not self.pooled:
            found[-1, :, :special] = 1 / special
        else:
            found[-1, :, special:] = 1 / top.grid.places
        return found


def watch(model: Any, images: Array) -> list[Level]:
    """Run ``model`` on images ``(B, H, W, C)``; return its stages, first to last.

    Raises ``OptionError`` for a model that has no stages of attention over a map.
    """
    watcher = Watcher()
    with evaluation(model), observe(watcher):
        model(images)
    levels = watcher.levels
    if not levels or not all(level.blocks for level in levels):
        ran = ", ".join(f"{n} {name}" for name, n in watcher.ran.most_common(4))
        raise OptionError(
            f"{type(model).__name__} has no attention to follow: expected stages that "
            f"embed and then attend, found {len(levels)} embeddings and {ran}"
        )
    for i, read in enumerate(watcher.reads()):
        levels[-1].blocks[i] = levels[-1].blocks[i]._replace(read=read)
    return levels
