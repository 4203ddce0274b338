"""What one model made of one picture, as data of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from minicvt.errors import NotFiniteError
from minicvt.grid import Grid
from minicvt.inference.answers import best
from minicvt.interpret.explain.packing import (
    TINY,
    pack,
    shades,
    size,
    steps,
    text,
    thinned,
    unpack,
)
from minicvt.interpret.faithfulness import contrast, depth_maps
from minicvt.interpret.rollout import Block, Level, rollout, watch
from minicvt.kernels.types import Array
from minicvt.viz.look import Attention, Look, StageMap, observed
from minicvt.viz.tokens import components, lengths

ANSWERS = 5

Data = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Sight:
    """What was observed of one run, by both who look and who follow the class token."""

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
        "shares": _shares(stages, levels, sight.image[None]),
    }


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
        "tiles": _tiles(stage.tokens),
        "blocks": [
            _block(seen, followed, step)
            for seen, followed in zip(attention, level.blocks, strict=True)
        ],
    }


def _tiles(tokens: Array) -> list[Data]:
    norms = lengths(tokens)
    scores, shares = components(tokens)
    named = (
        (f"component {i}: {share:.0%}", score)
        for i, (score, share) in enumerate(zip(scores, shares, strict=True), 1)
    )
    return [
        _map("length", norms, "sequential", float(norms.min()), float(norms.max())),
        *(_map(n, x, "diverging", *_centred(x)) for n, x in named),
    ]


def _centred(values: Array) -> tuple[float, float]:
    bound = max(float(np.abs(values).max()), TINY)
    return -bound, bound


def _map(title: str, values: Array, ramp: str, low: float, high: float) -> Data:
    return {
        "title": title,
        "grid": list(values.shape),
        "ramp": ramp,
        "low": low,
        "high": high,
        "codes": shades(values, low, high),
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


def _shares(stages: Sequence[StageMap], levels: list[Level], images: Array) -> Data:
    """Rollout as it goes down, and the other maps that it is measured beside.

    What reaches the tokens below a stage is what reaches "pixels" of a model that
    begins there.
    """
    handed = {
        f"{stages[i - 1].label}'s tokens": rollout(levels[i:])
        for i in reversed(range(1, len(levels)))
    }
    deep = depth_maps(levels)
    difference = contrast(images)[0]
    return {
        "way": [
            *map(_share, handed, handed.values()),
            _share("pixels", deep["rollout"]),
        ],
        "other": [
            _share("last stage alone", deep["last stage"]),
            _share("last block alone", deep["last block"]),
            _map(
                "contrast, no model", difference, "heat", 0.0, float(difference.max())
            ),
        ],
    }


def _share(title: str, maps: Array) -> Data:
    """Shares of the whole, and what each would be if theirs were spread evenly."""
    values = maps[0]
    high, even = float(values.max()), float(values.mean())
    return _map(title, values, "heat", 0.0, high) | {"even": even}
