"""Recipes: everything that decides a training run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from minicvt import models
from minicvt.data import Dataset
from minicvt.errors import OptionError


@dataclass(frozen=True)
class Recipe:
    """Model, data and numbers of one training run, all of which JSON can hold.

    ``seed`` decides the split, the initialisation, the order of the images and
    their augmentation, each through a stream of its own. ``after`` names a recipe
    of the same model, to begin where that one ends.
    """

    model: str
    dataset: str
    epochs: int
    lr: float
    overrides: Mapping[str, Any] = field(default_factory=dict)
    batch_size: int = 64
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.999)
    warmup: float = 0.1
    clip_norm: float = 1.0
    label_smoothing: float = 0.0
    drop_last: bool = True
    seed: int = 0
    after: str | None = None

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "lr", "clip_norm"):
            if not getattr(self, name) > 0:
                raise OptionError(f"{name}: expected > 0, got {getattr(self, name)}")
        for name in ("warmup", "label_smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise OptionError(f"{name}: expected [0, 1), got {getattr(self, name)}")

    def build(self, dataset: Dataset) -> Any:
        """Build the model for the images and classes of ``dataset``.

        Those ``overrides`` that are given come first.
        """
        height, width, chans = dataset.train_images.shape[1:]
        fitting = {
            "image": (height, width),
            "in_chans": chans,
            "num_classes": len(dataset.classes),
        }
        options = fitting | dict(self.overrides)
        return models.build(self.model, seed=self.seed, **options)


RECIPES = {
    "digits8": Recipe(model="cvt-c8w", dataset="digits8", epochs=25, lr=5e-3),
    # One for all papers: docs/tiny-models.md has what each of them reaches with it.
    "digits16": Recipe("cvt-digits16", "digits16", epochs=60, lr=3e-3),
    "pair8": Recipe("cvt-digits16", "pair8", epochs=8, lr=6e-3),
    # With keys and values of every other place, stride 2, it learns less.
    "roam16": Recipe(
        "cvt-digits16", "roam16", epochs=15, lr=6e-3, overrides={"kv_stride": (1,)}
    ),
    "composites-easy": Recipe("cvt-rgb32", "composites-easy", epochs=60, lr=3e-3),
    # From scratch "mid" ends near 85 %, also after fading its grounds in from black.
    "composites-mid": Recipe(
        "cvt-rgb32",
        "composites-mid",
        epochs=60,
        lr=2e-3,
        warmup=0.05,
        after="composites-easy",
    ),
}
