"""What one model made of one picture, as data of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from minicvt.errors import NotFiniteError
from minicvt.grid import Grid
from minicvt.inference.answers import best
from minicvt.interpret.explain.packing import pack, size, steps, text, thinned, unpack
from minicvt.interpret.explain.tiles import Data, shares_of, token_tiles
from minicvt.interpret.rollout import Block, Level
from minicvt.interpret.watching import watch
from minicvt.kernels.types import Array
from minicvt.viz.look import Attention, Look, StageMap, observed

ANSWERS = 5


@dataclass(frozen=True, eq=False)
class Sight:
    """What was observed of one run, by both who look and who follow it down."""

    image: Array
    seen: Look
    levels: list[Level]

    @classmethod
    def of(cls, model: Any, image: Array) -> Self:
        """Run ``model`` on one ``image`` ``(H, W, C)``.

        Raises ``NotFiniteError``, and ``OptionError`` for a model without stages of
        attention.
        """
        seen = observed(model, image)
        if not np.isfinite(seen.probabilities).all():
            raise NotFiniteError("the model answers NaN")
        return cls(image, seen, watch(model, image[None]))

    @property
    def blocks(self) -> list[list[Attention]]:
        """Attention of the blocks, stage by stage."""
        return [
            [a for a in self.seen.attention if a.path.startswith(f"{stage.name}.")]
            for stage in self.seen.stages
        ]

    @property
    def size(self) -> int:
        """Bytes that all of the attention would take on a page."""
        return sum(map(size, self.blocks))


def record(sight: Sight, labels: Sequence[str], budget: int) -> Data:
    """Token maps, attention, rollout and answer: plain values, ready for JSON.

    Attention over ``budget`` bytes is thinned: fewer queries, all keys.
    """
    stages, blocks, levels = sight.seen.stages, sight.blocks, sight.levels
    parts = zip(stages, blocks, levels, steps(blocks, budget), strict=True)
    return {
        "answers": _answers(sight.seen.probabilities, labels),
        "stages": [_stage(*part) for part in parts],
        "shares": shares_of(stages, levels, sight.image[None]),
        "layers": None if sight.seen.layers is None else sight.seen.layers.tolist(),
        "read": _read(sight),
    }


def _read(sight: Sight) -> list[str]:
    """Names of the special tokens that the head reads; none where it reads places."""
    top = sight.levels[-1]
    read, names = np.asarray(top.blocks[-1].read), sight.seen.stages[-1].special
    return [name for i, name in enumerate(names) if read[0, i] > 0]


def _answers(probabilities: Array, labels: Sequence[str]) -> list[Data]:
    names = dict(enumerate(labels))
    return [
        {"name": names.get(int(i)) or f"class {i}", "share": float(probabilities[i])}
        for i in best(probabilities, ANSWERS)
    ]


def _stage(
    stage: StageMap, attention: Sequence[Attention], level: Level, step: int
) -> Data:
    height, width, channels = stage.tokens.shape
    return {
        "label": stage.label,
        "grid": [height, width],
        "channels": channels,
        "special": list(stage.special),
        "tiles": token_tiles(stage.tokens),
        "blocks": [
            _block(seen, followed, step)
            for seen, followed in zip(attention, level.blocks, strict=True)
        ],
    }


def _block(attention: Attention, block: Block, step: int) -> Data:
    kept = thinned(attention.query_grid, step)
    weights = kept.of(attention.query_grid, attention.weights)
    codes = pack(weights)
    window = block.window
    return {
        "path": attention.path,
        "heads": len(weights),
        "queries": _grid(attention.query_grid),
        "rows": kept.rows,
        "columns": kept.columns,
        "keys": _grid(attention.key_grid),
        "window": window and [window.kernel, window.stride, window.padding],
        "largest": float(weights[..., attention.key_grid.special :].max()),
        "error": float(np.abs(unpack(codes) - weights).max()),
        "codes": text(codes),
    }


def _grid(grid: Grid) -> Data:
    return grid._asdict()
