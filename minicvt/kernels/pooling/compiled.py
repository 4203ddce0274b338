"""Pooling in Numba, channels innermost.

The loops bodies compiled as they stand finish one channel's window at a time, which
reads a channels-last map with a stride and does not vectorise: 2 to 10 times slower.
"""

from __future__ import annotations

import numpy as np

from minicvt.kernels.jit import jit
from minicvt.kernels.types import Array, Pair


@jit
def max_pool2d(
    x: Array, kernel: Pair, stride: Pair, padding: Pair, output_size: Pair
) -> tuple[Array, Array]:
    """Compare a whole pixel's channels at a time with the best so far."""
    batch, height, width, channels = x.shape
    y = np.full(
        (batch, output_size[0], output_size[1], channels), x.dtype.type(-np.inf)
    )
    argmax = np.empty(y.shape, np.int64)
    for b in range(batch):
        for i in range(output_size[0]):
            top = i * stride[0] - padding[0]
            for j in range(output_size[1]):
                left = j * stride[1] - padding[1]
                for c in range(channels):
                    argmax[b, i, j, c] = max(top, 0) * width + max(left, 0)
                for h in range(max(top, 0), min(top + kernel[0], height)):
                    for w in range(max(left, 0), min(left + kernel[1], width)):
                        for c in range(channels):
                            value = x[b, h, w, c]
                            if value > y[b, i, j, c] or np.isnan(value):
                                y[b, i, j, c] = value
                                argmax[b, i, j, c] = h * width + w
    return y, argmax


@jit
def max_pool2d_backward(dy: Array, argmax: Array, size: Pair) -> Array:
    """Add dy to the winner's cell, by its flat index as it comes."""
    batch, rows, cols, channels = dy.shape
    dx = np.zeros((batch, size[0] * size[1], channels), dy.dtype)
    for b in range(batch):
        for i in range(rows):
            for j in range(cols):
                for c in range(channels):
                    dx[b, argmax[b, i, j, c], c] += dy[b, i, j, c]
    return dx.reshape(batch, size[0], size[1], channels)


@jit
def avg_pool2d(
    x: Array,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    output_size: Pair,
    count_include_pad: bool,
) -> Array:
    """Add a whole pixel's channels at a time."""
    batch, height, width, channels = x.shape
    y = np.zeros((batch, output_size[0], output_size[1], channels), x.dtype)
    for b in range(batch):
        for i in range(output_size[0]):
            for j in range(output_size[1]):
                top = i * stride[0] - padding[0]
                left = j * stride[1] - padding[1]
                bottom = min(top + kernel[0], height)
                right = min(left + kernel[1], width)
                count = (bottom - max(top, 0)) * (right - max(left, 0))
                if count_include_pad:
                    count = min(kernel[0], height + padding[0] - top)
                    count *= min(kernel[1], width + padding[1] - left)
                for h in range(max(top, 0), bottom):
                    for w in range(max(left, 0), right):
                        for c in range(channels):
                            y[b, i, j, c] += x[b, h, w, c]
                for c in range(channels):
                    y[b, i, j, c] /= count
    return y


@jit
def avg_pool2d_backward(
    dy: Array,
    size: Pair,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    count_include_pad: bool,
) -> Array:
    """Add a whole pixel's channels at a time."""
    batch, rows, cols, channels = dy.shape
    dx = np.zeros((batch, size[0], size[1], channels), dy.dtype)
    share = np.empty(channels, dy.dtype)
    for b in range(batch):
        for i in range(rows):
            for j in range(cols):
                top = i * stride[0] - padding[0]
                left = j * stride[1] - padding[1]
                bottom = min(top + kernel[0], size[0])
                right = min(left + kernel[1], size[1])
                count = (bottom - max(top, 0)) * (right - max(left, 0))
                if count_include_pad:
                    count = min(kernel[0], size[0] + padding[0] - top)
                    count *= min(kernel[1], size[1] + padding[1] - left)
                for c in range(channels):
                    share[c] = dy[b, i, j, c] / count
                for h in range(max(top, 0), bottom):
                    for w in range(max(left, 0), right):
                        for c in range(channels):
                            dx[b, h, w, c] += share[c]
    return dx
