"""Maps of a page that nobody chooses: what stages made, and rollout on its way down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minicvt.interpret.explain.packing import TINY, shades
from minicvt.interpret.faithfulness import contrast, depth_maps
from minicvt.interpret.rollout import Level, rollout
from minicvt.kernels.types import Array
from minicvt.viz.look import StageMap
from minicvt.viz.tokens import components, lengths

Data = dict[str, Any]


def token_tiles(tokens: Array) -> list[Data]:
    """Length of each token ``(H, W, C)``, and its scores on principal components."""
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


def shares_of(stages: Sequence[StageMap], levels: list[Level], images: Array) -> Data:
    """Rollout as it goes down, and the other maps that it is measured beside."""
    handed, deep = _on_its_way(stages, levels), depth_maps(levels)
    handed["pixels"] = deep.pop("rollout")
    difference = contrast(images)[0]
    bare = _map("contrast, no model", difference, "heat", 0.0, float(difference.max()))
    return {
        "way": [*map(_share, handed, handed.values())],
        "other": [*(_share(f"{name} alone", deep[name]) for name in deep), bare],
    }


def _on_its_way(stages: Sequence[StageMap], levels: list[Level]) -> dict[str, Array]:
    """Rollout after each stage but the last, or through a part of a single one.

    What reaches the tokens below a stage is what reaches "pixels" of a model that
    begins there.
    """
    if len(levels) > 1:
        return {
            f"{stages[i - 1].label}'s tokens": rollout(levels[i:])
            for i in reversed(range(1, len(levels)))
        }
    depth = len(levels[0].blocks)
    thirds = (round(depth / 3), round(2 * depth / 3))
    return {f"last {n} blocks": rollout(levels, n) for n in thirds if 1 < n < depth}


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


def _share(title: str, maps: Array) -> Data:
    """Shares of the whole, and what each would be if theirs were spread evenly."""
    values = maps[0]
    high, even = float(values.max()), float(values.mean())
    return _map(title, values, "heat", 0.0, high) | {"even": even}
