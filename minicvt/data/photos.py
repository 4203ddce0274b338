"""Three photographs that come with packages, cut in parts that never meet."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from minicvt.errors import MissingPackage
from minicvt.kernels.types import Array

CREDITS = """\
china.jpg and flower.jpg come with scikit-learn, by danielbuechele and vultilion on
Flickr, under Creative Commons Attribution 2.0; grace_hopper.jpg comes with Matplotlib,
a portrait of Rear Admiral Grace Hopper by James S. Davis for the U.S. Navy, in the
public domain."""

SCALES = (1, 2, 3)
"""Side of the squares of pixels that are averaged: near, further, furthest."""


def grounds(columns: tuple[float, float]) -> list[Array]:
    """Return every photo at every scale, cut to its share ``columns`` of the width.

    Each is ``(H, W, 3)`` float32 in [0, 1]. It is cut first and averaged then, so
    parts whose columns do not overlap share no pixel. Raises ``MissingPackage``.
    """
    parts = [_columns(photo, *columns) for photo in photos().values()]
    return [average(part, scale) for part in parts for scale in SCALES]


@cache
def photos() -> dict[str, Array]:
    """Read the photos by name, ``(H, W, 3)`` float32 in [0, 1].

    Raises ``MissingPackage`` without scikit-learn, Matplotlib or Pillow.
    """
    try:
        from PIL import Image

        files = _files()
    except ImportError as error:
        raise MissingPackage(
            "the photos come with scikit-learn and Matplotlib and are read by Pillow; "
            f'{error.name} is not installed: pip install "minicvt[tour]"'
        ) from error
    read = {file.stem: np.asarray(Image.open(file).convert("RGB")) for file in files}
    return {name: (pixels / 255).astype(np.float32) for name, pixels in read.items()}


def _files() -> list[Path]:
    import matplotlib
    import sklearn

    images = Path(sklearn.__file__).parent / "datasets" / "images"
    samples = Path(matplotlib.get_data_path()) / "sample_data"
    return [
        images / "china.jpg",
        images / "flower.jpg",
        samples / "grace_hopper.jpg",
    ]


def _columns(photo: Array, start: float, stop: float) -> Array:
    width = photo.shape[1]
    return photo[:, round(start * width) : round(stop * width)]


def average(photo: Array, side: int) -> Array:
    """Mean of each ``side`` x ``side`` square; what does not fill one is left out."""
    height, width = photo.shape[0] // side, photo.shape[1] // side
    whole = photo[: height * side, : width * side]
    return whole.reshape(height, side, width, side, 3).mean(axis=(1, 3))
