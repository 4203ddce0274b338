"""Depthwise convolution in Numba, channels innermost.

The loops bodies compiled as they stand sum one channel at a time, which reads a
channels-last map with a stride and does not vectorise: 7 to 20 times slower, and the
weight's gradient of a large batch 100 times.  The three taps of a 3-wide kernel, the
usual one, go in one pass over the channels where none lies outside the map, which
saves a quarter of the time.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from minicvt.kernels.fastmath import FUSED
from minicvt.kernels.jit import jit
from minicvt.kernels.types import Array, Pair


def depthwise_conv2d(x: Array, weight: Array, stride: Pair, padding: Pair) -> Array:
    """Reorder the weight to (kh, kw, C) and run the compiled loops."""
    return _conv2d(x, _taps(weight), stride, padding)


def depthwise_conv2d_input_grad(
    dy: Array, weight: Array, size: Pair, stride: Pair, padding: Pair
) -> Array:
    """Reorder the weight to (kh, kw, C) and run the compiled loops.

    At stride 1 the adjoint is the convolution with the kernel turned by 180 degrees.
    """
    taps = _taps(weight)
    around = (taps.shape[0] - 1 - padding[0], taps.shape[1] - 1 - padding[1])
    if stride == (1, 1) and min(around) >= 0:
        return _conv2d(dy, taps[::-1, ::-1], stride, around)
    return _input_grad(dy, taps, size, stride, padding)


def depthwise_conv2d_weight_grad(
    dy: Array, x: Array, kernel: Pair, stride: Pair, padding: Pair
) -> Array:
    """Run the compiled loops and reorder (kh, kw, C) to (C, 1, kh, kw)."""
    total = _weight_grad(dy, x, kernel, stride, padding)
    return total.transpose(2, 0, 1)[:, None].astype(x.dtype, order="C")


def _taps(weight: Array) -> Array:
    return weight[:, 0].transpose(1, 2, 0)


@partial(jit, fastmath=FUSED)
def _conv2d(x: Array, weight: Array, stride: Pair, padding: Pair) -> Array:
    batch, height, width, channels = x.shape
    kh, kw = weight.shape[:2]
    rows = (height + 2 * padding[0] - kh) // stride[0] + 1
    cols = (width + 2 * padding[1] - kw) // stride[1] + 1
    y = np.zeros((batch, rows, cols, channels), x.dtype)
    for b in range(batch):
        for i in range(rows):
            top = i * stride[0] - padding[0]
            for u in range(max(0, -top), min(kh, height - top)):
                h = top + u
                for j in range(cols):
                    w = j * stride[1] - padding[1]
                    if kw == 3 and 0 <= w < width - 2:
                        for c in range(channels):
                            y[b, i, j, c] += (
                                x[b, h, w, c] * weight[u, 0, c]
                                + x[b, h, w + 1, c] * weight[u, 1, c]
                                + x[b, h, w + 2, c] * weight[u, 2, c]
                            )
                    else:
                        for v in range(max(0, -w), min(kw, width - w)):
                            for c in range(channels):
                                y[b, i, j, c] += x[b, h, w + v, c] * weight[u, v, c]
    return y


@partial(jit, fastmath=FUSED)
def _input_grad(
    dy: Array, weight: Array, size: Pair, stride: Pair, padding: Pair
) -> Array:
    batch, rows, cols, channels = dy.shape
    kh, kw = weight.shape[:2]
    dx = np.zeros((batch, size[0], size[1], channels), dy.dtype)
    for b in range(batch):
        for i in range(rows):
            top = i * stride[0] - padding[0]
            for u in range(max(0, -top), min(kh, size[0] - top)):
                h = top + u
                for j in range(cols):
                    w = j * stride[1] - padding[1]
                    for v in range(max(0, -w), min(kw, size[1] - w)):
                        for c in range(channels):
                            dx[b, h, w + v, c] += dy[b, i, j, c] * weight[u, v, c]
    return dx


@partial(jit, fastmath=FUSED)
def _weight_grad(
    dy: Array, x: Array, kernel: Pair, stride: Pair, padding: Pair
) -> Array:
    """Sum few rows of products at a time in x's dtype, and these sums in float64."""
    batch, height, width, channels = x.shape
    rows, cols = dy.shape[1:3]
    few = max(1, 64 // cols)
    total = np.zeros((kernel[0], kernel[1], channels), np.float64)
    part = np.zeros((kernel[1], channels), x.dtype)
    for b in range(batch):
        for first in range(0, rows, few):
            for u in range(kernel[0]):
                for i in range(first, min(first + few, rows)):
                    h = i * stride[0] + u - padding[0]
                    if not 0 <= h < height:
                        continue
                    for j in range(cols):
                        w = j * stride[1] - padding[1]
                        if kernel[1] == 3 and 0 <= w < width - 2:
                            for c in range(channels):
                                part[0, c] += dy[b, i, j, c] * x[b, h, w, c]
                                part[1, c] += dy[b, i, j, c] * x[b, h, w + 1, c]
                                part[2, c] += dy[b, i, j, c] * x[b, h, w + 2, c]
                        else:
                            for v in range(max(0, -w), min(kernel[1], width - w)):
                                for c in range(channels):
                                    part[v, c] += dy[b, i, j, c] * x[b, h, w + v, c]
                for v in range(kernel[1]):
                    for c in range(channels):
                        total[u, v, c] += part[v, c]
                        part[v, c] = 0
    return total
