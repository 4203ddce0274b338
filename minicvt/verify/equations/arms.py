"""What is trained for the empirical claims: small models, alike but for one thing.

Nothing here is ImageNet. The models learn real digits in seconds, from the same split,
initial stream and order for the same seed, so that what they reach can be compared
pair by pair. Recipe and sizes were fixed before any of these runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from minicvt.train.recipes import Recipe

CVT: dict[str, Any] = {
    "dims": (16, 32),
    "depths": (1, 1),
    "heads": (1, 2),
    "embed": ((3, 2, 1), (3, 2, 1)),
}
"""Two stages of one block, on a quarter and a sixteenth of the pixels; K/V stride 2."""
VIT: dict[str, Any] = {
    "dims": (32,),
    "depths": (3,),
    "heads": (2,),
    "mlp_ratios": (2.0,),
    "activation": "gelu",
    "init": "xavier",
}
"""Three blocks on as many tokens as the CvT's second stage has places."""


class Arm(NamedTuple):
    """One of the models that are compared."""

    model: str
    overrides: Mapping[str, Any]


ARMS = {
    "cvt": Arm("cvt-c8w", CVT),
    "cvt, positions": Arm("cvt-c8w", CVT | {"positions": "every"}),
    "cvt, patches": Arm("cvt-c8w", CVT | {"embed": ((2, 2, 0), (2, 2, 0))}),
    "cvt, K/V stride 1": Arm("cvt-c8w", CVT | {"kv_stride": (1,)}),
    "cvt, linear": Arm("cvt-c8w", CVT | {"projection": ("linear",)}),
    "vit": Arm("vit-ti16", VIT),
    "vit, no positions": Arm("vit-ti16", VIT | {"positions": "none"}),
}
"""``linear`` has no stride, so that its partner is the convolution with stride 1."""
TASKS = {"digits16": 25, "pair8": 8, "roam16": 15}
"""Epochs of each task; those of the last two are drawn anew."""
PATCH = {"digits16": 4, "pair8": 2, "roam16": 4}
"""Side of the ViT's patches."""
LEARNING_RATE = 6e-3


def recipe(task: str, arm: str, seed: int = 0) -> Recipe:
    """Return how ``arm`` learns ``task``."""
    model, overrides = ARMS[arm]
    if model.startswith("vit"):
        overrides = {**overrides, "embed": ((PATCH[task], PATCH[task], 0),)}
    return Recipe(model, task, TASKS[task], LEARNING_RATE, dict(overrides), seed=seed)
