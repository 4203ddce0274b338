"""What happened on the tour: one trained model, one that was not, their answers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from minicvt import data, models
from minicvt.train import History, Progress, Recipe, accuracy, fit, predict


@dataclass(frozen=True)
class Session:
    """A trained model, its control of another seed that never learned, and results.

    ``probabilities`` (N, K) are the trained model's for the test images, ``seconds``
    what its training took.
    """

    recipe: Recipe
    dataset: data.Dataset
    model: Any
    control: Any
    history: History
    probabilities: Any
    seconds: float

    @property
    def labels(self) -> Any:
        """Truth of the test images."""
        return self.dataset.test_labels

    @cached_property
    def answers(self) -> Any:
        """Most probable class of each test image."""
        return self.probabilities.argmax(axis=1)

    @property
    def wrong(self) -> Any:
        """Numbers of the test images that were read wrong, the surest first."""
        mistakes = np.flatnonzero(self.answers != self.labels)
        sure = self.probabilities[mistakes].max(axis=1)
        return mistakes[np.argsort(-sure, kind="stable")]

    @property
    def right(self) -> Any:
        """Numbers of the test images that were read right, in their order."""
        return np.flatnonzero(self.answers == self.labels)

    @property
    def accuracy(self) -> float:
        """Share of the test images that were read right."""
        return len(self.right) / len(self.labels)

    @cached_property
    def control_accuracy(self) -> float:
        """The same for the control."""
        return accuracy(self.control, self.dataset.test_images, self.labels)


def train(recipe: Recipe) -> Session:
    """Train as ``recipe`` says, with a progress line."""
    dataset = data.load(recipe.dataset, recipe.seed)
    model = models.build(recipe.model, seed=recipe.seed, **recipe.overrides)
    control = models.build(recipe.model, seed=recipe.seed + 1, **recipe.overrides)
    height, width, _ = dataset.train_images.shape[1:]
    print(
        f"Training {recipe.model}, {model.count_parameters():,} parameters, on "
        f"{len(dataset.train_images):,} real digits of {height} x {width}, "
        f"seed {recipe.seed}"
    )
    began = time.perf_counter()
    history = fit(model, dataset, recipe, on_epoch=Progress())
    seconds = time.perf_counter() - began
    probabilities = predict(model, dataset.test_images)
    return Session(recipe, dataset, model, control, history, probabilities, seconds)
