"""A checkpoint as a person names it: a file, a folder, a name, and what it says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from minicvt import models, weights
from minicvt.data.preprocess import Preprocess
from minicvt.data.processor import from_processor
from minicvt.errors import CheckpointError, OptionError
from minicvt.files import checksum
from minicvt.inference.shipped import TASKS
from minicvt.interop import export, locate
from minicvt.interop.layouts import recognise, unwrap
from minicvt.interop.reading import CONFIG, LAYOUT, OFFICIAL, Contents, read
from minicvt.interop.rebuilding import rebuild

PROCESSOR = "preprocessor_config.json"
IN_CHANS = 3  # what pictures are, and what an unknown preprocessing makes of them


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Weights and what is known of them.

    ``name`` is how it was asked for; ``labels`` are the names of the classes, empty
    where nothing says them; ``processed`` is its own preprocessing, if it has one,
    and ``random`` says that there were no weights to read.
    """

    name: str
    contents: Contents = field(repr=False)
    labels: tuple[str, ...] = ()
    processed: Preprocess | None = None
    random: bool = False

    def model(self, dialect: str | None = None) -> Any:
        """Build the model, in a ``dialect`` other than the layout's if one is given.

        Raises ``CheckpointError`` when the weights do not fit it.
        """
        given = {} if dialect is None else {"dialect": dialect}
        return rebuild(self.name, self.contents, None, None, True, given)

    @cached_property
    def layout(self) -> str:
        """Whose names the tensors have: "official", "hf" ..."""
        if CONFIG in self.contents.text:
            return self.contents.text.get(LAYOUT, OFFICIAL)
        return recognise(unwrap(self.contents.tensors)).name

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the weights."""
        return checksum(self.contents.tensors, {})

    def preprocess(self, config: Any, size: int | None = None) -> Preprocess:
        """Return the checkpoint's preprocessing, or the official code's.

        At another ``size`` if one is given. Raises ``OptionError`` for a model that
        takes no RGB and does not say how it wants its pictures.
        """
        if self.processed is None and config.in_chans != IN_CHANS:
            raise OptionError(
                f"{self.name}: takes {config.in_chans} channels, and does not say how "
                "to make them of a picture"
            )
        whole = self.processed or Preprocess.official(config.image[0])
        return whole if size is None else whole.at(size)

    def untrained(self) -> str:
        """Say why the answers mean nothing, or "" where they may mean something.

        A BatchNorm whose statistics are 0 and 1 exactly has never seen an image.
        """
        if self.random:
            return "UNTRAINED: random numbers, since a name like this has no weights"
        means, variances = map(self._statistics, ("running_mean", "running_var"))
        fresh = all((mean == 0).all() for mean in means)
        if means and fresh and all((var == 1).all() for var in variances):
            return "UNTRAINED: their BatchNorm statistics have never seen an image"
        return ""

    def _statistics(self, ending: str) -> list[np.ndarray]:
        """BatchNorm's, whatever the layout calls what is before them."""
        tensors = self.contents.tensors
        return [tensors[name] for name in tensors if name.endswith(f".{ending}")]


def dialect_of(model: Any) -> str:
    """Return the dialect a model speaks; papers that have none speak their own."""
    return getattr(model.config, "dialect", model.config.paper)


def open_checkpoint(name: str) -> Checkpoint:
    """Read a file, a folder, a model of the hub, or one that comes with the library.

    A variant's name alone, "cvt-13", gives random weights, which say that they are.
    Raises ``CheckpointError`` and ``MissingPackage``.
    """
    if not Path(name).exists():
        if name in weights.names():
            return _shipped(name)
        if name in models.VARIANTS:
            return _random(name)
    folder = locate(name)
    contents = read(folder)
    processor = folder / PROCESSOR
    processed = _read_processor(processor) if processor.is_file() else None
    return Checkpoint(name, contents, _labels(contents.config or {}), processed)


def _shipped(name: str) -> Checkpoint:
    model, card = weights.trained(name), weights.card(name)
    labels = tuple(map(str, range(model.config.num_classes)))  # digits, all of them
    return Checkpoint(name, _contents(model), labels, TASKS[card.task](card))


def _random(name: str) -> Checkpoint:
    return Checkpoint(name, _contents(models.build(name)), random=True)


def _contents(model: Any) -> Contents:
    text = {CONFIG: json.dumps(model.config.as_dict())}
    return Contents(export(model), text, None)


def _labels(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Read ``id2label``: names by the number of their class, as text."""
    names = config.get("id2label") or {}
    try:
        return tuple(str(names[str(i)]) for i in range(len(names)))
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"id2label: no class {error} in it") from None


def _read_processor(path: Path) -> Preprocess:
    try:
        return from_processor(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{path}: {error}") from error
