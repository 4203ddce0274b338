"""A run small enough to repeat: 40 pictures, a CvT of a thousand numbers, masks.

Run as a program it trains with a checkpoint, for the tests that kill it:
``python -m tests.train.tiny PATH EPOCHS``.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from minicvt import models
from minicvt.data import Dataset, shift
from minicvt.train import Epoch, Recipe, fit

CLASSES = 3


def tiny_data() -> Dataset:
    """Noise with a bright row in a place that tells the class."""
    rng = np.random.default_rng(11)
    labels = rng.integers(CLASSES, size=50)
    images = rng.uniform(0, 0.5, size=(50, 8, 8, 1)).astype(np.float32)
    images[np.arange(50), 2 * labels + 1] += 1
    parts = (images[:40], labels[:40], images[40:], labels[40:])
    return Dataset("tiny", *parts, ("a", "b", "c"), augment=shift)


def tiny_recipe(**changes: Any) -> Recipe:
    """Four epochs of five steps."""
    overrides = {
        "dims": (4, 6),
        "heads": (1, 2),
        "num_classes": CLASSES,
        "dropout": 0.1,
    }
    settings = {"epochs": 4, "lr": 0.01, "batch_size": 8, "overrides": overrides}
    return Recipe("cvt-c8w", "tiny", **settings | changes)


def tiny_model(recipe: Recipe, dtype: str = "float32") -> Any:
    """Build the recipe's model from its seed."""
    return models.build(recipe.model, dtype=dtype, seed=recipe.seed, **recipe.overrides)


def _say(epoch: Epoch) -> None:
    print(epoch.epoch, flush=True)


if __name__ == "__main__":
    path, epochs = sys.argv[1:]
    recipe = tiny_recipe(epochs=int(epochs))
    fit(tiny_model(recipe), tiny_data(), recipe, checkpoint=path, on_epoch=_say)
