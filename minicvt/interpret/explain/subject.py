"""What is explained: a picture as a model takes it, and what is known of the two."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from minicvt import data, models, weights
from minicvt.data.photos import CREDITS
from minicvt.data.preprocess import Preprocess
from minicvt.errors import OptionError
from minicvt.files import StrPath
from minicvt.inference import Checkpoint
from minicvt.inference.answers import fitted, prepare
from minicvt.interop.reading import CONFIG
from minicvt.kernels.types import Array


@dataclass(frozen=True, eq=False)
class Subject:
    """An image ``(H, W, C)`` that ``model`` takes, made by ``preprocess``.

    ``what`` says what it is, ``credits`` whom to thank for it.
    """

    image: Array = field(repr=False)
    what: str
    model: Any = field(repr=False)
    source: Checkpoint
    preprocess: Preprocess
    credits: str = ""

    @property
    def name(self) -> str:
        """The checkpoint's name, without the folders of this machine."""
        path = Path(self.source.name)
        return path.resolve().name if path.exists() else self.source.name

    @property
    def altered(self) -> bool:
        """Whether the weights run in a configuration that was not stored with them."""
        stored = self.source.contents.text.get(CONFIG)
        if stored is None:
            return False
        own = models.from_dict(json.loads(stored))
        return own != replace(self.model.config, image=own.image)

    @property
    def picture(self) -> Array:
        """What the model sees as a person would, ``(H, W, 3 or 1)`` uint8."""
        mean, std = self.preprocess.mean, self.preprocess.std
        unit = self.image * np.array(std) + np.array(mean)
        return np.round(np.clip(unit, 0, 1) * 255).astype(np.uint8)


def card_of(source: Checkpoint) -> weights.Card | None:
    """Return the card of a model that comes with the library, None for others."""
    known = source.name in weights.names() and not Path(source.name).exists()
    return weights.card(source.name) if known else None


def from_picture(
    path: StrPath, source: Checkpoint, dialect: str | None, size: int | None
) -> Subject:
    """Prepare a picture file as the checkpoint says.

    Raises ``PictureError``, ``CheckpointError``, ``OptionError`` and ``OSError``.
    """
    model = source.model(dialect)
    preprocess = source.preprocess(model.config, size)
    model = fitted(model, (preprocess.size,) * 2)
    image = prepare(path, preprocess)
    what = f"{Path(path).name}, {preprocess}"
    return Subject(image, what, model, source, preprocess)


def from_sample(number: int, source: Checkpoint, dialect: str | None) -> Subject:
    """Take a held-out image of the task that a model of the library was trained on.

    Raises ``OptionError`` where there is none of that number, or no task.
    """
    if (card := card_of(source)) is None:
        raise OptionError(f"{source.name} comes without samples: give it a PICTURE")
    task = data.load(card.task, card.recipe["seed"])
    if number >= len(task.test_images):
        last = len(task.test_images) - 1
        raise OptionError(f"sample {number}: {card.task} has 0 to {last}")
    model, truth = source.model(dialect), task.classes[task.test_labels[number]]
    return Subject(
        task.test_images[number],
        f"held-out sample {number} of {card.task}: {_article(truth)} {truth}",
        model,
        source,
        source.preprocess(model.config),
        CREDITS if isinstance(task, data.Composites) else "",
    )


def _article(word: str) -> str:
    return "an" if word[0] in "8aeiou" else "a"
