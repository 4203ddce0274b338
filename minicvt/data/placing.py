"""Cut grounds and lay small pictures on them, many at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from minicvt.kernels.types import Array

Range = tuple[float, float]
SEEN = 0.25  # ink from which a pixel counts as the digit's


def crops(
    grounds: Sequence[Array], count: int, size: int, rng: np.random.Generator
) -> Array:
    """Cut ``(count, size, size, C)`` at random: which ground, where, mirrored or not.

    Every ground ``(H, W, C)`` is as likely, whatever its size.
    """
    source = rng.integers(len(grounds), size=count)
    mirrored = rng.random(count) < 0.5
    place = rng.random((2, count))
    out = np.empty((count, size, size, grounds[0].shape[-1]), grounds[0].dtype)
    for index, ground in enumerate(grounds):
        windows = sliding_window_view(ground, (size, size), axis=(0, 1))
        here = np.flatnonzero(source == index)
        top, left = (
            (place[axis, here] * windows.shape[axis]).astype(int) for axis in (0, 1)
        )
        out[here] = windows[top, left].transpose(0, 2, 3, 1)
    out[mirrored] = out[mirrored, :, ::-1]
    return out


def placed(
    pictures: Array, size: int, side: Range, turn: Range, rng: np.random.Generator
) -> Array:
    """Resample each ``(h, h)`` picture onto ``(size, size)``, bilinear, 0 outside it.

    It becomes a square of ``side`` pixels, turned by ``turn`` degrees around its
    middle, and lies anywhere inside. One affine map takes a pixel to its source::

        s = (h / side) R(-turn) (p - centre) + (h - 1) / 2
    """
    count, h = pictures.shape[:2]
    sides = rng.uniform(*side, size=count)
    angle = np.radians(rng.uniform(*turn, size=count))
    centre = sides / 2 + rng.random((2, count)) * (size - sides) - 0.5
    cos, sin = (
        f(angle)[:, None, None] * (h / sides)[:, None, None] for f in (np.cos, np.sin)
    )
    y, x = np.arange(size)[:, None], np.arange(size)[None, :]
    dy, dx = y - centre[0][:, None, None], x - centre[1][:, None, None]
    middle = (h - 1) / 2
    return bilinear(
        pictures, cos * dy + sin * dx + middle, cos * dx - sin * dy + middle
    )


def bilinear(pictures: Array, y: Array, x: Array) -> Array:
    """Value of each ``(h, w)`` picture at its own places ``y``, ``x``; 0 outside.

    ``pictures`` is ``(N, h, w)``, places ``(N, ...)`` count pixel centres from 0.
    """
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
    height, width = padded.shape[1:]
    y, x = (np.clip(c + 1, 0, n - 1) for c, n in ((y, height), (x, width)))
    top, left = (
        np.minimum(c.astype(np.intp), n - 2) for c, n in ((y, height), (x, width))
    )
    v, u = (y - top).astype(pictures.dtype), (x - left).astype(pictures.dtype)
    start = np.arange(len(padded)).reshape(-1, *[1] * (y.ndim - 1)) * (height * width)
    corner, flat = start + top * width + left, padded.ravel()
    upper = flat[corner] * (1 - u) + flat[corner + 1] * u
    lower = flat[corner + width] * (1 - u) + flat[corner + width + 1] * u
    return upper * (1 - v) + lower * v


def ink_boxes(ink: Array) -> Array:
    """Tight box of each digit ``(N, H, W)``: top, left, bottom, right, half-open."""
    seen: Array = ink > SEEN
    edges = []
    for axis in (2, 1):
        line = np.asarray(seen.any(axis=axis))
        edges.append(
            (line.argmax(axis=1), line.shape[1] - line[:, ::-1].argmax(axis=1))
        )
    (top, bottom), (left, right) = edges
    return np.stack([top, left, bottom, right], axis=1)
