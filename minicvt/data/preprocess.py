"""From a picture to what a model takes: size, crop, mean and spread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from minicvt.data.pictures import pillow_image
from minicvt.errors import OptionError, PictureError, unknown
from minicvt.kernels.types import Array

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
CROP_PCT = 0.875
SQUASHED_FROM = 384  # the published evaluations at 384 squash, those at 224 crop
FILTERS = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
"""Filters in Pillow's numbering."""

LARGEST_SIZE = 4096
LARGEST = LARGEST_SIZE**2  # pixels a resized picture may have: 1 x 250 at 224 fits


@dataclass(frozen=True)
class Preprocess:
    """Resize, crop, scale: ``(H, W, 3)`` uint8 to ``(size, size, C)`` float32.

    ::

        out = (resized / 255 - mean) / std

    With ``crop_pct`` the shorter side becomes ``int(size / crop_pct)`` and the centre
    is kept; without, the picture is squashed to a square. An odd margin is halved
    downwards as transformers does, or to ``even`` as torchvision does, which moves
    one crop in four by a pixel. One mean alone makes pictures grey (ITU-R BT.601).
    """

    size: int = 224
    crop_pct: float | None = CROP_PCT
    resample: str = "bicubic"
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    even: bool = True

    def __post_init__(self) -> None:
        if self.resample not in FILTERS:
            raise unknown("resampling filter", self.resample, FILTERS)
        share = 1 if self.crop_pct is None else self.crop_pct
        if self.size not in range(1, LARGEST_SIZE + 1) or not 0 < share <= 1:
            raise OptionError(
                f"expected a size in [1, {LARGEST_SIZE}] and a crop_pct in (0, 1], got "
                f"{self.size} and {self.crop_pct}"
            )
        same = len(self.mean) == len(self.std)
        if len(self.mean) not in (1, 3) or not same or 0 in self.std:
            raise OptionError(
                f"expected one or three means and as many spreads, none 0, got "
                f"{self.mean} and {self.std}"
            )

    @classmethod
    def official(cls, size: int) -> Self:
        """Return what the official code evaluates with: crop at 224, squash at 384."""
        return cls().at(size)

    def at(self, size: int) -> Self:
        """Return the same for another ``size``: from 384 squashed, else cropped."""
        crop_pct = None if size >= SQUASHED_FROM else self.crop_pct or CROP_PCT
        return replace(self, size=size, crop_pct=crop_pct)

    def resized(self, height: int, width: int) -> tuple[int, int]:
        """Height and width before the crop.

        Raises ``PictureError`` for a strip so narrow that it would fill the memory.
        """
        if self.crop_pct is None:
            return self.size, self.size
        short = int(self.size / self.crop_pct)
        long = int(short * max(height, width) / min(height, width))
        if short * long > LARGEST:
            raise PictureError(
                f"{width} x {height} pixels: too narrow to crop, its shorter side "
                f"{short} would make the other {long}"
            )
        return (short, long) if height <= width else (long, short)

    def crop(self, picture: Array) -> Array:
        """Resize and crop ``(H, W, 3)`` uint8 to ``(size, size, 3 or 1)`` uint8."""
        image = pillow_image().fromarray(picture)
        if len(self.mean) == 1:
            image = image.convert("L")
        height, width = self.resized(*picture.shape[:2])
        resized = image.resize((width, height), FILTERS.index(self.resample))
        top, left = (self._margin(side) for side in (height, width))
        pixels = np.asarray(resized).reshape(height, width, len(self.mean))
        return pixels[top : top + self.size, left : left + self.size]

    def __call__(self, picture: Array) -> Array:
        """Return ``(size, size, C)`` float32; raises ``PictureError``."""
        # Rounded where transformers rounds, so that the bits are the same.
        unit = (self.crop(picture) * (1 / 255)).astype(np.float32)
        mean, std = (np.array(x, np.float32) for x in (self.mean, self.std))
        return (unit - mean) / std

    def _margin(self, side: int) -> int:
        """Half of what the crop takes from ``side``."""
        spare = side - self.size
        return round(spare / 2) if self.even else spare // 2

    def __str__(self) -> str:
        """Say the steps in words."""
        square = f"{self.size} x {self.size}"
        if self.crop_pct is None:
            fit = f"squashed to {square} ({self.resample})"
        else:
            short = int(self.size / self.crop_pct)
            fit = f"shorter side to {short} ({self.resample}), centre {square}"
        scale = "ImageNet's mean and spread"
        if (self.mean, self.std) != (IMAGENET_MEAN, IMAGENET_STD):
            numbers = (", ".join(f"{x:.4g}" for x in y) for y in (self.mean, self.std))
            scale = "mean {}, spread {}".format(*numbers)
        return f"{fit}, {'grey, ' * (len(self.mean) == 1)}{scale}"
