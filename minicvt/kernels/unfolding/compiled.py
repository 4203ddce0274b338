"""Unfolding in Numba: a kernel row is one run of kw*C elements in map and windows.

The loops bodies compiled as they stand copy C elements at a time: with the three
channels of an image 2.5 times slower, with 24 and more no slower.
"""

from __future__ import annotations

import numpy as np

from minicvt.kernels.jit import jit
from minicvt.kernels.types import Array, Pair


@jit
def im2col(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Copy every kernel row from where it lies in the map, zeros around it."""
    batch, height, width, channels = x.shape
    rows = (height + 2 * padding[0] - kernel[0]) // stride[0] + 1
    cols = (width + 2 * padding[1] - kernel[1]) // stride[1] + 1
    columns = np.zeros((batch, rows, cols, kernel[0], kernel[1] * channels), x.dtype)
    lines = x.reshape(batch, height, width * channels)
    for b in range(batch):
        for i in range(rows):
            top = i * stride[0] - padding[0]
            for j in range(cols):
                left = j * stride[1] - padding[1]
                first, last = max(0, -left), min(kernel[1], width - left)
                for u in range(max(0, -top), min(kernel[0], height - top)):
                    target = columns[b, i, j, u, first * channels :]
                    source = lines[b, top + u, (left + first) * channels :]
                    for t in range((last - first) * channels):
                        target[t] = source[t]
    return columns.reshape(batch, rows, cols, kernel[0], kernel[1], channels)


@jit
def col2im(columns: Array, size: Pair, stride: Pair, padding: Pair) -> Array:
    """Add every kernel row to where it lay in the map."""
    batch, rows, cols, kh, kw, channels = columns.shape
    x = np.zeros((batch, size[0], size[1] * channels), columns.dtype)
    lines = columns.reshape(batch, rows, cols, kh, kw * channels)
    for b in range(batch):
        for i in range(rows):
            top = i * stride[0] - padding[0]
            for j in range(cols):
                left = j * stride[1] - padding[1]
                first, last = max(0, -left), min(kw, size[1] - left)
                for u in range(max(0, -top), min(kh, size[0] - top)):
                    target = x[b, top + u, (left + first) * channels :]
                    source = lines[b, i, j, u, first * channels :]
                    for t in range((last - first) * channels):
                        target[t] += source[t]
    return x.reshape(batch, size[0], size[1], channels)
