"""The most probable classes of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicvt.data.pictures import read_picture
from minicvt.data.preprocess import Preprocess
from minicvt.errors import NotFiniteError, PictureError
from minicvt.files import StrPath
from minicvt.kernels.types import Array
from minicvt.nn import predict
from minicvt.threads import each


@dataclass(frozen=True)
class Answer:
    """A class, its name where one is known, and its probability."""

    index: int
    name: str
    probability: float


def prepare(path: StrPath, preprocess: Preprocess, *, upright: bool = True) -> Array:
    """Read a picture and make it what the model takes, ``(size, size, C)``.

    Raises ``PictureError`` and ``OSError``, both with the path.
    """
    picture = read_picture(path, upright=upright)
    try:
        return preprocess(picture)
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error


def fitted(model: Any, image: tuple[int, int]) -> Any:
    """Return the model for another image size, its tables of positions resampled.

    One without tables, or that resamples as it runs, stays as it is. Raises
    ``ShapeError`` for tables that fit one size only.
    """
    config = model.config
    bound = getattr(config, "positions", "none") != "none"
    if not bound or config.resamples_itself or image == config.image:
        return model
    return model.resize(image)


def probabilities(model: Any, images: Sequence[Array]) -> Array:
    """Class probabilities ``(N, K)``; raises ``NotFiniteError`` for NaN."""
    found = predict(model, np.stack(images))
    if not np.isfinite(found).all():
        raise NotFiniteError("the model answers NaN")
    return found


def best(row: Array, count: int) -> Array:
    """Indices of the ``count`` most probable classes, first to last; ties by index."""
    return np.argsort(-row, kind="stable")[:count]


def classify(
    model: Any,
    paths: Sequence[StrPath],
    preprocess: Preprocess,
    *,
    labels: Sequence[str] = (),
    top: int = 5,
) -> list[list[Answer]]:
    """Return the ``top`` answers for each picture, most probable first.

    ``labels`` name the classes. Raises ``PictureError``, ``OSError`` and
    ``NotFiniteError``.
    """
    images = each(lambda path: prepare(path, preprocess), paths)
    names = dict(enumerate(labels))
    return [
        [Answer(int(i), names.get(int(i), ""), float(row[i])) for i in best(row, top)]
        for row in probabilities(model, images)
    ]
