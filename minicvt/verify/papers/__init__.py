"""A small model of every paper, listed as a layer is."""

from __future__ import annotations

from typing import Any

from minicvt.models.registry import PAPERS as CONFIGS
from minicvt.models.registry import variant
from minicvt.nn import Init, Module
from minicvt.verify.layers import Layer
from minicvt.verify.layers.applying import peered
from minicvt.verify.layers.drawing import STATISTICS, of
from minicvt.verify.operations.entry import Tolerance
from minicvt.verify.operations.samples import Draw, Sample
from minicvt.verify.papers.reference import PAPERS

__all__ = ["MODELS"]

IMAGE = (16, 20)
CHANGED: dict[str, dict[str, Any]] = {
    "vit": {"representation": 12},
    "cmt": {"head_dropout": 0.0},
}
"""What each has beside its variant that learns digits: a head to check, no dropout."""
TRAINED = ("cvt", "ceit", "cmt", "resnet")
"""Those with a BatchNorm, and nothing that is drawn: they answer in training too."""

DEPTH = Tolerance(
    1e-8,
    "Ten layers and more: where a BatchNorm takes the mean away, or a softmax what all "
    "scores share, a gradient is left with the rounding of much larger ones.",
)

MODELS: dict[str, Layer] = {}


def build(config: Any, *, init: Init) -> Module:
    """Make the model; its parameters come from the sample."""
    return config.build(init.dtype)


def _list(paper: str) -> None:
    config = variant(f"{paper}-digits16", image=IMAGE, **CHANGED.get(paper, {}))

    def draw(draw: Draw) -> Sample:
        images = draw.normal(2, *IMAGE, config.in_chans)
        training = paper in TRAINED and draw.one_of(*STATISTICS)
        return of(draw, build, {"config": config}, images, training=training)

    def theirs(torch: Any, *inputs: Any, **options: Any) -> Any:
        return peered(build, PAPERS[paper], torch, *inputs, **options)

    MODELS[paper] = Layer(paper, theirs, draw, DEPTH, make=build)


for paper in CONFIGS:
    _list(paper)
