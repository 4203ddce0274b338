"""One training run: the model and everything that moves while it learns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minicvt.data import Dataset, stream
from minicvt.nn import Module
from minicvt.train.history import History
from minicvt.train.optimizers import AdamW
from minicvt.train.recipes import Recipe


@dataclass
class Run:
    """All state of a run; a checkpoint holds exactly this.

    ``order`` shuffles and ``augmentation`` varies the images; the model's own
    generators draw its masks. ``step`` counts the updates so far, which is the
    position in the schedule.
    """

    model: Module
    dataset: Dataset
    recipe: Recipe
    optimizer: AdamW
    order: np.random.Generator
    augmentation: np.random.Generator
    history: History = field(default_factory=History)
    step: int = 0

    @classmethod
    def start(cls, model: Module, dataset: Dataset, recipe: Recipe) -> Run:
        """Return a run at its beginning, with independent streams of the seed."""
        optimizer = AdamW(
            model.named_parameters(),
            lr=recipe.lr,
            betas=recipe.betas,
            weight_decay=recipe.weight_decay,
        )
        order = stream(recipe.seed, "order")
        augmentation = stream(recipe.seed, "augmentation")
        return cls(model, dataset, recipe, optimizer, order, augmentation)

    @property
    def epoch(self) -> int:
        """The epoch under way, counted from 1."""
        return len(self.history.epochs) + 1

    @property
    def progress(self) -> float:
        """Share of the epochs that lie behind, in [0, 1]; 1 when all do."""
        return (self.epoch - 1) / self.recipe.epochs

    @property
    def place(self) -> str:
        """The epoch and the step under way, both counted from 1."""
        return f"epoch {self.epoch}, step {self.step + 1}"

    def random_states(self) -> dict[str, Any]:
        """State of every generator by name, as JSON can hold it."""
        return {
            name: rng.bit_generator.state for name, rng in self._generators().items()
        }

    def rewind(self, states: Mapping[str, Any]) -> None:
        """Set every generator to the state it had in ``random_states()``."""
        for name, rng in self._generators().items():
            rng.bit_generator.state = states[name]

    def _generators(self) -> dict[str, np.random.Generator]:
        own = {"order": self.order, "augmentation": self.augmentation}
        drawn = self.model.generators()
        return own | {f"model.{name}": rng for name, rng in drawn.items()}
