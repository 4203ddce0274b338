"""Growth with the side of the image: CvT at two strides, and a ViT."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minicvt import models
from minicvt.accounting.growth.curves import Curve, Runs, Sweep, forward, sample, timed
from minicvt.accounting.growth.timing import ROUNDS
from minicvt.accounting.ledger import Ledger
from minicvt.accounting.summary import ledger_of
from minicvt.errors import ShapeError
from minicvt.models import Config

SIDES = (128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
MOST = 80 * 10**9
"""Multiply-adds up to which a pass is timed: some seconds of one core."""


def subjects() -> dict[str, Config]:
    """CvT with keys and values at stride 1 and 2, and a ViT of about its cost."""
    return {
        "CvT-13, K/V stride 1": models.variant("cvt-13", kv_stride=1),
        "CvT-13, K/V stride 2": models.variant("cvt-13"),
        "ViT-S/16": models.variant("vit-s16"),
    }


def by_side(
    sides: Sequence[int] = SIDES, rounds: int = ROUNDS, most: int = MOST
) -> Sweep:
    """Grow one square image, float32, through each model.

    Times are of passes of up to ``most`` multiply-adds; in 0 rounds there are none.
    Raises ``ShapeError`` for a side that leaves a model no token.
    """
    curves: list[Curve] = []
    runs: Runs = {}
    built: dict[Config, Any] = {}
    for name, config in subjects().items():
        samples = []
        for side in sides:
            samples.append(sample(side, _step(name, config, side)))
            if rounds and samples[-1].macs <= most:
                runs[name, side] = _pass(config, side, built)
        curves.append(Curve(name, tuple(samples)))
    return Sweep("side of the image", "side", timed(curves, runs, rounds))


def _step(name: str, config: Config, side: int) -> Ledger:
    """Count a training step; a side too small is named in the error."""
    try:
        return ledger_of(config, (side, side), backward=True)[1]
    except ShapeError as error:
        raise ShapeError(f"{name} at {side} x {side}: {error}") from None


def _pass(config: Any, side: int, built: dict[Config, Any]) -> Callable[[], object]:
    """Return what runs one image; a model without positions takes every size."""
    any_size = config.positions == "none"
    sized = config if any_size else config.override(image=(side, side))
    model = built[sized] = built.get(sized) or sized.build()
    image = np.random.default_rng(0).random((1, side, side, 3), np.float32)
    return forward(model, image)
