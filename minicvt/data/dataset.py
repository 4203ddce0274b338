"""What training needs of a data set, and the batches of one epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from minicvt.errors import OptionError, ShapeError
from minicvt.kernels.types import Array

Augment = Callable[[Array, np.random.Generator], Array]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images to learn from and images to be judged by.

    Images are ``(N, H, W, C)`` float32, labels ``(N,)`` int64 that index
    ``classes``; ``augment(images, rng)`` varies the training images and is None
    where they stay as they are. ``test_scans`` numbers what each test image shows,
    where several show the same; None means that each is its own. A task that draws
    fresh images every epoch overrides ``epoch`` and says so in ``fresh``.
    """

    fresh: ClassVar[bool] = False
    name: str
    train_images: Array = field(repr=False)
    train_labels: Array = field(repr=False)
    test_images: Array = field(repr=False)
    test_labels: Array = field(repr=False)
    classes: tuple[str, ...]
    augment: Augment | None = field(default=None, repr=False)
    test_scans: Array | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for part in ("train", "test"):
            images = getattr(self, f"{part}_images")
            labels = getattr(self, f"{part}_labels")
            if images.ndim != 4 or labels.shape != images.shape[:1]:
                raise ShapeError(
                    f"{self.name}: expected {part} images (N, H, W, C) and labels "
                    f"(N,), got {images.shape} and {labels.shape}"
                )

    def epoch(
        self, rng: np.random.Generator, progress: float = 1.0
    ) -> tuple[Array, Array]:
        """Images and labels of one epoch, not yet shuffled; a function of ``rng``.

        ``progress`` is the share of the training that lies behind, in [0, 1), for
        tasks that get harder; here it changes nothing.
        """
        if self.augment is None:
            return self.train_images, self.train_labels
        return self.augment(self.train_images, rng), self.train_labels


def batches(
    images: Array,
    labels: Array,
    batch_size: int,
    rng: np.random.Generator,
    *,
    drop_last: bool = True,
) -> Iterator[tuple[Array, Array]]:
    """Shuffle and cut into batches; ``drop_last`` leaves out a partial one.

    Raises ``OptionError`` when that would leave no batch at all.
    """
    count = batch_count(len(images), batch_size, drop_last=drop_last)
    order = rng.permutation(len(images))
    for batch in range(count):
        chosen = order[batch * batch_size : (batch + 1) * batch_size]
        yield images[chosen], labels[chosen]


def batch_count(images: int, batch_size: int, *, drop_last: bool = True) -> int:
    """Batches in an epoch: ``floor`` or, keeping a partial one, ``ceil`` of N / B."""
    count = images // batch_size if drop_last else -(-images // batch_size)
    if count < 1:
        raise OptionError(f"batch_size {batch_size} leaves no batch of {images} images")
    return count


def shift(images: Array, rng: np.random.Generator, *, reach: int = 1) -> Array:
    """Move each image by its own whole steps in ``[-reach, reach]`` both ways.

    ``out[n, y, x] = images[n, y + dy[n], x + dx[n]]``, 0 outside the image.
    """
    count, height, width, _ = images.shape
    dy, dx = rng.integers(0, 2 * reach + 1, size=(2, count, 1))
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)))
    rows, columns = dy + np.arange(height), dx + np.arange(width)
    image = np.arange(count)[:, None, None]
    return padded[image, rows[:, :, None], columns[:, None, :]]
