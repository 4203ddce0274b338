"""Executable errata: what each difference between CvT's implementations does.

Each choice of a dialect is made alone in a model that is otherwise Microsoft's, then
all together. Parameters and multiply-adds are counted; logits are computed in float64
with the same weights and image, so that what moves is the choice's doing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minicvt.accounting.summary import ledger_of
from minicvt.blank import shapes_only
from minicvt.errors import OptionError
from minicvt.kernels.types import Array
from minicvt.models import CvTConfig
from minicvt.models.costs import Size
from minicvt.models.dialects import DIALECTS, Choice, choices, differences
from minicvt.nn import evaluation

ALL = "all of them"
UNSEEN = {"init": "first weights", "drop_path_rule": "training", "drop_sum": "training"}
"""Where choices show that leave the answers of given weights alone."""
STANDS_IN = {"conv_proj_kv": "conv_proj_k", "conv_proj_qkv": "conv_proj_q"}
"""Whose weights a convolution has that stands for several."""


@dataclass(frozen=True)
class Effect:
    """What one choice changes, beside the official code.

    ``difference`` is max|a - b| of the logits and ``relative`` that over max|b|,
    b being the official ones. Where the model cannot be built, ``refused`` says why.
    """

    dialect: str
    choice: str
    official: str = ""
    value: str = ""
    parameters: int = 0
    macs: int = 0
    difference: float = 0.0
    relative: float = 0.0
    source: str = ""
    refused: str = ""

    @property
    def shows(self) -> str:
        """Where it shows: in every answer, or else in training or at its start."""
        return "answers" if self.difference else UNSEEN.get(self.choice, "nowhere")


def errata(config: CvTConfig, image: Size, seed: int = 0) -> Iterator[Effect]:
    """Measure every difference of every dialect, on ``image`` height x width.

    Yields one effect a difference, in the order of the dialects, and one for all of
    a dialect together.
    """
    official = Measured(config.override(dialect="microsoft"), image, seed)
    for dialect in DIALECTS:
        there = choices(replace(official.config, dialect=dialect))
        found = [
            (choice, there[choice.field])
            for choice in differences(dialect)
            if there[choice.field] != getattr(official.config, choice.field)
        ]
        for choice, value in found:
            yield official.effect(dialect, choice, {choice.field: value})
        if found:
            yield official.effect(dialect, Choice(ALL, "", ""), {"dialect": dialect})


class Measured:
    """The official model, its random state, its counts and its logits."""

    def __init__(self, config: CvTConfig, image: Size, seed: int) -> None:
        self.config, self.image = config, image
        self.model, ledger = ledger_of(config, image)
        self.counts = (self.model.count_parameters(), ledger.macs)
        rng = np.random.default_rng(seed)
        self.state = random_state(config, rng)
        self.pixels = rng.normal(size=(1, *image, config.in_chans))
        self.known: dict[CvTConfig, Array] = {}
        self.logits = self.run(config)

    def run(self, config: CvTConfig) -> Array:
        """Logits of a model that has this state, as far as it has these weights."""
        config = replace(config, dialect="microsoft")  # a name, once the rest is set
        if config not in self.known:
            with shapes_only():
                model = config.build("float64")
            names = [*dict(model.named_parameters()), *dict(model.named_buffers())]
            model.load_state_dict({name: self.state[stand_in(name)] for name in names})
            with evaluation(model):
                self.known[config] = model(self.pixels).numpy()
        return self.known[config]

    def effect(self, dialect: str, choice: Choice, change: dict[str, Any]) -> Effect:
        """Measure one change."""
        field, source = choice.field, choice.source
        ours, theirs = getattr(self.config, field, ""), change.get(field, "")
        values = (_where(ours, theirs), _where(theirs, ours))
        try:
            config = self.config.override(**change)
            model, ledger = ledger_of(config, self.image)
        except OptionError as error:
            return Effect(dialect, field, *values, source=source, refused=str(error))
        apart = float(np.abs(self.run(config) - self.logits).max())
        return Effect(
            dialect,
            field,
            *values,
            source=source,
            parameters=model.count_parameters() - self.counts[0],
            macs=ledger.macs - self.counts[1],
            difference=apart,
            relative=apart / float(np.abs(self.logits).max()),
        )


def random_state(config: CvTConfig, rng: np.random.Generator) -> dict[str, Array]:
    """Draw weights, biases and statistics so that nothing cancels or hides.

    Weights are normal with variance 1 / fan-in, biases and running means with std
    0.2; gains and running variances are uniform in 0.5 to 1.5.
    """
    state = config.build("float64").state_dict()
    for name, value in state.items():
        if value.ndim > 1:
            fan_in = value[0].size
            state[name] = rng.normal(0, fan_in**-0.5, value.shape)
        elif name.endswith(("bias", "running_mean")):
            state[name] = rng.normal(0, 0.2, value.shape)
        elif value.ndim:
            state[name] = rng.uniform(0.5, 1.5, value.shape)
    return state


def stand_in(name: str) -> str:
    """Name of the official tensor that a dialect's tensor takes its values from."""
    parts = name.split(".")
    return ".".join(STANDS_IN.get(part, part) for part in parts)


def _where(value: Any, other: Any) -> str:
    """Write a value for a cell; of one with entries a stage, those that differ."""
    if not isinstance(value, tuple):
        return str(value)
    apart = [str(a) for a, b in zip(value, other, strict=True) if a != b]
    return ", ".join(dict.fromkeys(apart))
