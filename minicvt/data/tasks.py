"""Small tasks made of the 8 x 8 digits, each asking for something else.

==========  =========================================================================
digits16    the digits at twice the size
pair8       two digits side by side: is the left one larger? Patches without positions
            cannot know: swapping the halves permutes the patches and flips the label
roam16      a digit at any of 81 places: what is learnt at one must hold at the others
==========  =========================================================================

All keep the split of :func:`minicvt.data.digits.digits` for the same seed, and its
scale: paper is exactly 0, as is what a convolution pads with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from minicvt.data.dataset import Dataset
from minicvt.data.digits import digits
from minicvt.data.placing import bilinear
from minicvt.data.streams import stream
from minicvt.kernels.types import Array

EPOCH, TEST = 2048, 2000
CANVAS = 16


class Drawn(NamedTuple):
    """Images, their labels, and which scan each shows: of a pair, the left one."""

    images: Array
    labels: Array
    scans: Array


Draw = Callable[[Array, Array, int, np.random.Generator], Drawn]


@dataclass(frozen=True, eq=False, kw_only=True)
class DrawnDigits(Dataset):
    """A data set that draws anew from the training digits every epoch.

    The 2000 test images, drawn from the test digits, stay; ``train_images`` are a
    sample of what the epochs bring.
    """

    fresh = True
    digits: Dataset = field(repr=False)
    draw: Draw = field(repr=False)

    def epoch(
        self, rng: np.random.Generator, progress: float = 1.0
    ) -> tuple[Array, Array]:
        """Draw 2048 images, a function of ``rng`` alone."""
        whole = self.digits
        drawn = self.draw(whole.train_images, whole.train_labels, EPOCH, rng)
        return drawn.images, drawn.labels


def digits16(seed: int = 0) -> Dataset:
    """Digits of 16 x 16 pixels, 1437 to train on and 360 to test on.

    Shifted by up to one of the new pixels while training.
    """
    small = digits(seed)
    train, test = doubled(small.train_images), doubled(small.test_images)
    return replace(small, name="digits16", train_images=train, test_images=test)


def doubled(images: Array) -> Array:
    """Resample ``(N, H, W, 1)`` to twice the size, bilinear; the edges repeat.

    Pixel p of the result lies at (p + 1/2) / 2 - 1/2: PyTorch's ``interpolate`` with
    ``align_corners=False``.
    """
    y, x = (
        np.clip((np.arange(2 * side) + 0.5) / 2 - 0.5, 0, side - 1)
        for side in images.shape[1:3]
    )
    shape = (len(images), len(y), len(x))
    rows, columns = np.broadcast_to(y[:, None], shape), np.broadcast_to(x, shape)
    return bilinear(images[..., 0], rows, columns)[..., None]


def pair8(seed: int = 0) -> Dataset:
    """Two different digits on 8 x 16 pixels; the label says if the left is larger."""
    return _drawn("pair8", draw_pairs, ("right is larger", "left is larger"), seed)


def draw_pairs(
    images: Array, labels: Array, count: int, rng: np.random.Generator
) -> Drawn:
    """Lay ``(8, 8)`` digits in pairs, label 1 where the left is larger, else 0.

    Every ordered pair of different digits is as likely, so either label is, and of a
    digit every scan: no half alone tells more than its digit does.
    """
    kinds = np.bincount(labels)
    by_digit = np.argsort(labels, kind="stable")
    first = np.cumsum(kinds) - kinds
    left = rng.integers(len(kinds), size=count)
    right = (left + rng.integers(1, len(kinds), size=count)) % len(kinds)
    here, there = (by_digit[first[d] + rng.integers(kinds[d])] for d in (left, right))
    pairs = np.concatenate([images[here], images[there]], axis=2)
    return Drawn(pairs, (left > right).astype(np.int64), here)


def roam16(seed: int = 0) -> Dataset:
    """Digits of 8 x 8 pixels, each at any of 81 places on 16 x 16."""
    return _drawn("roam16", draw_places, tuple("0123456789"), seed)


def draw_places(
    images: Array, labels: Array, count: int, rng: np.random.Generator
) -> Drawn:
    """Lay ``(8, 8)`` digits on 16 x 16 of paper; every scan and place is as likely."""
    scans = rng.integers(len(images), size=count)
    side = images.shape[1]
    rows, columns = rng.integers(CANVAS - side + 1, size=(2, count, 1)) + np.arange(
        side
    )
    canvas = np.zeros((count, CANVAS, CANVAS, 1), images.dtype)
    image = np.arange(count)[:, None, None]
    canvas[image, rows[:, :, None], columns[:, None, :]] = images[scans]
    return Drawn(canvas, labels[scans], scans)


def _drawn(name: str, draw: Draw, classes: tuple[str, ...], seed: int) -> Dataset:
    """Make the data set of ``draw``, with streams of its own for sample and test."""
    whole = digits(seed)
    sample = draw(whole.train_images, whole.train_labels, EPOCH, stream(seed, "sample"))
    held_out = draw(whole.test_images, whole.test_labels, TEST, stream(seed, name))
    return DrawnDigits(
        name=name,
        train_images=sample.images,
        train_labels=sample.labels,
        test_images=held_out.images,
        test_labels=held_out.labels,
        test_scans=held_out.scans,
        classes=classes,
        digits=whole,
        draw=draw,
    )
