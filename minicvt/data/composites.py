"""Real digits on real photographs: what a three-stage CvT on RGB can learn.

A composite is a crop of a photo with a handwritten digit blended in::

    image = (1 - a) ground + a colour        a = opacity * ink, in [0, 1]

Training and test images share nothing: other digits, by other writers, on other
columns of the photos (:mod:`minicvt.data.photos`, which credits them).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from minicvt.data.dataset import Dataset
from minicvt.data.digits import scans
from minicvt.data.photos import grounds
from minicvt.data.placing import crops, ink_boxes, placed
from minicvt.data.streams import stream
from minicvt.kernels.types import Array

SIZE = 32
TRAIN_DIGITS = 1437  # the last 360 of the scans are by other writers
TRAIN_COLUMNS, TEST_COLUMNS = (0.0, 0.6), (0.65, 1.0)
EPOCH, TEST = 2048, 2000
SIDE, TURN = (13.0, 17.0), (-10.0, 10.0)  # of a digit: pixels, degrees
TINT = 0.15  # how far each channel may stray from grey
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
MEAN, SPREAD = 0.45, 0.25  # model input: (image - MEAN) / SPREAD

Range = tuple[float, float]


@dataclass(frozen=True)
class Style:
    """How hard the digits are to see.

    The photo is darkened or lightened by a factor from ``brightness``, the digit
    stands out by ``contrast`` with ``opacity``.
    """

    brightness: Range
    contrast: Range
    opacity: float = 1.0

    def towards(self, other: Style, share: float) -> Style:
        """Return the style that is ``share`` of the way to ``other``."""

        def between(ours: float, theirs: float) -> float:
            return float(np.interp(share, (0, 1), (ours, theirs)))

        low, high = map(between, self.brightness, other.brightness)
        least, most = map(between, self.contrast, other.contrast)
        opacity = between(self.opacity, other.opacity)
        return Style((low, high), (least, most), opacity)


EASY = Style(brightness=(0.35, 0.60), contrast=(0.55, 0.75))
STYLES = {"easy": EASY, "mid": Style((0.6, 1.1), (0.4, 0.6), opacity=0.95)}
HARDEN = 0.4  # share of the training over which easy turns into the style asked for


class Drawn(NamedTuple):
    """Images ready for a model, their labels, where the digit is, and which it is.

    Boxes are ``(N, 4)``: top, left, bottom, right, half-open as slices are; ``scans``
    index the digits of the :class:`Scenes`.
    """

    images: Array
    labels: Array
    boxes: Array
    scans: Array


@dataclass(frozen=True, eq=False)
class Scenes:
    """What composites are made of: scanned digits, grounds, and a style."""

    digits: Array = field(repr=False)
    labels: Array = field(repr=False)
    grounds: list[Array] = field(repr=False)
    style: Style

    def draw(
        self, count: int, rng: np.random.Generator, progress: float = 1.0
    ) -> Drawn:
        """Make ``count`` composites, a function of ``rng`` and ``progress`` alone."""
        style = EASY.towards(self.style, min(1.0, progress / HARDEN))
        chosen = rng.integers(len(self.digits), size=count)
        ground = crops(self.grounds, count, SIZE, rng)
        ground *= _column(rng, style.brightness, count)
        ink = placed(self.digits[chosen], SIZE, SIDE, TURN, rng)
        colour = _colours(ground, ink, style.contrast, rng)
        alpha = style.opacity * ink[..., None]
        images = np.clip(ground + alpha * (colour - ground), 0, 1)
        images = (images - MEAN) / SPREAD
        return Drawn(images, self.labels[chosen], ink_boxes(ink), chosen)


def _column(rng: np.random.Generator, bounds: Range, count: int) -> Array:
    """One number an image, ``(N, 1, 1, 1)`` float32."""
    return rng.uniform(*bounds, size=(count, 1, 1, 1)).astype(np.float32)


def _colours(
    ground: Array, ink: Array, contrast: Range, rng: np.random.Generator
) -> Array:
    """Colour of each digit, ``(N, 1, 1, 3)``: brighter than a dark ground under it.

    Grey at the ground's mean luminance under the ink plus the contrast, minus it
    where that mean is above one half, plus a tint.
    """
    weights = ink / ink.sum(axis=(1, 2), keepdims=True)
    grey = np.einsum("nhwc,c,nhw->n", ground, LUMINANCE, weights)[:, None, None, None]
    sign = np.where(grey > 0.5, np.float32(-1), np.float32(1))
    tint = rng.uniform(-TINT, TINT, size=(len(ground), 1, 1, 3)).astype(np.float32)
    return grey + sign * _column(rng, contrast, len(ground)) + tint


@dataclass(frozen=True, eq=False, kw_only=True)
class Composites(Dataset):
    """A data set that draws new composites every epoch; the test set stays.

    ``train_images`` are a sample of what the last epochs bring; ``test_boxes`` say
    where the digits of the test images are.
    """

    fresh = True
    scenes: Scenes = field(repr=False)
    test_boxes: Array = field(repr=False)
    test_scans: Array = field(repr=False)

    def epoch(
        self, rng: np.random.Generator, progress: float = 1.0
    ) -> tuple[Array, Array]:
        """Draw 2048 composites, easy at first and harder with ``progress``."""
        drawn = self.scenes.draw(EPOCH, rng, progress)
        return drawn.images, drawn.labels


def composites(style: str, seed: int = 0) -> Composites:
    """Composites in the style "easy" or "mid", 2048 an epoch and 2000 to test on.

    The test set is the same for every ``seed``. Raises ``MissingPackage`` without
    scikit-learn, Matplotlib and Pillow, which bring the digits and the photos.
    """
    images, labels = scans()
    train, test = slice(None, TRAIN_DIGITS), slice(TRAIN_DIGITS, None)
    learnt = Scenes(
        images[train, ..., 0], labels[train], grounds(TRAIN_COLUMNS), STYLES[style]
    )
    judged = Scenes(
        images[test, ..., 0], labels[test], grounds(TEST_COLUMNS), STYLES[style]
    )
    sample = learnt.draw(EPOCH, stream(seed, "sample"))
    held_out = judged.draw(TEST, stream(0, "composites"))
    return Composites(
        name=f"composites-{style}",
        train_images=sample.images,
        train_labels=sample.labels,
        test_images=held_out.images,
        test_labels=held_out.labels,
        classes=tuple("0123456789"),
        scenes=learnt,
        test_boxes=held_out.boxes,
        test_scans=held_out.scans,
    )
