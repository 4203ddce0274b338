"""Unfolding in Numba: a kernel row is one run of kw*C elements in map and windows.

The loops bodies compiled as they stand copy C elements at a time: with the three
channels of an image 2.5 times slower, with 24 and more no slower.  Threads share rows
of windows, and on the way back images.
"""

from __future__ import annotations

import numpy as np

from minicvt.kernels.geometry import map_size
from minicvt.kernels.jit import frozen
from minicvt.kernels.lanes import flat
from minicvt.kernels.team import shared
from minicvt.kernels.types import Array, Pair

RUN, ELEMENT = 3.0, 0.1  # nanoseconds, about, for a kernel row and its elements


def im2col(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Copy every kernel row from where it lies in the map, zeros around it."""
    rows, cols = map_size(x.shape[1:3], kernel, stride, padding)
    columns = np.empty((len(x), rows, cols, *kernel, x.shape[3]), x.dtype)
    work = len(x) * rows, _nanoseconds(columns)
    _unfold(*work, frozen(x), stride, padding, columns)
    return columns


def col2im(columns: Array, size: Pair, stride: Pair, padding: Pair) -> Array:
    """Add every kernel row to where it lay in the map."""
    x = np.empty((len(columns), *size, columns.shape[5]), columns.dtype)
    work = len(x), _nanoseconds(columns)
    _fold(*work, frozen(columns), stride, padding, x)
    return x


def _nanoseconds(columns: Array) -> float:
    elements = columns.shape[4] * columns.shape[5]
    return columns.size * (ELEMENT + RUN / elements)


@shared
def _unfold(
    x: Array, stride: Pair, padding: Pair, columns: Array, first: int, last: int
) -> None:
    """Copy for rows first to last, counted through all images: n = b*Ho + i."""
    (_, height, width, channels), (_, rows, cols, kh, kw, _) = x.shape, columns.shape
    run = kw * channels
    x, columns = flat(x), flat(columns)
    for t in range(first * cols * kh * run, last * cols * kh * run):
        columns[t] = 0
    for n in range(first, last):
        top = n % rows * stride[0] - padding[0]
        for j in range(cols):
            left = j * stride[1] - padding[1]
            begin = min(kw, max(0, -left)) * channels
            end = max(0, min(kw, width - left)) * channels
            for u in range(max(0, -top), min(kh, height - top)):
                line = (n // rows * height + top + u) * width
                source = (line + left) * channels
                target = ((n * cols + j) * kh + u) * run
                for t in range(begin, end):
                    columns[target + t] = x[source + t]


@shared
def _fold(
    columns: Array, stride: Pair, padding: Pair, x: Array, first: int, last: int
) -> None:
    """Add for images first to last."""
    (_, height, width, channels), (_, rows, cols, kh, kw, _) = x.shape, columns.shape
    image = height * width * channels
    x, columns = flat(x), flat(columns)
    for t in range(first * image, last * image):
        x[t] = 0
    for n in range(first * rows, last * rows):
        top = n % rows * stride[0] - padding[0]
        for j in range(cols):
            left = j * stride[1] - padding[1]
            begin = min(kw, max(0, -left)) * channels
            end = max(0, min(kw, width - left)) * channels
            for u in range(max(0, -top), min(kh, height - top)):
                line = (n // rows * height + top + u) * width
                target = (line + left) * channels
                source = ((n * cols + j) * kh + u) * kw * channels
                for t in range(begin, end):
                    x[target + t] += columns[source + t]
