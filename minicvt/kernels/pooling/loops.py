"""Pooling as plain nested loops.

The output's size comes from the caller (`geometry.output_size`), since only the
caller knows whether the last window may hang over the end (ceil_mode).
"""

from __future__ import annotations

import numpy as np

from minicvt.kernels.types import Array, Pair


def max_pool2d(
    x: Array, kernel: Pair, stride: Pair, padding: Pair, output_size: Pair
) -> tuple[Array, Array]:
    """y[b, i, j, c] = max_uv x[b, i*sh + u - ph, j*sw + v - pw, c].

    x is -inf outside the map.  (B, H, W, C) to y and argmax, both (B, Ho, Wo, C):
    the winner h*W + w as int64.  As in PyTorch the first maximum wins, and a NaN
    over all else (the last of several).
    """
    batch, height, width, channels = x.shape
    y = np.empty((batch, output_size[0], output_size[1], channels), x.dtype)
    argmax = np.empty(y.shape, np.int64)
    for b in range(batch):
        for i in range(output_size[0]):
            for j in range(output_size[1]):
                top = i * stride[0] - padding[0]
                left = j * stride[1] - padding[1]
                for c in range(channels):
                    best = -np.inf
                    winner = max(top, 0) * width + max(left, 0)
                    for h in range(max(top, 0), min(top + kernel[0], height)):
                        for w in range(max(left, 0), min(left + kernel[1], width)):
                            value = x[b, h, w, c]
                            if value > best or np.isnan(value):
                                best = value
                                winner = h * width + w
                    y[b, i, j, c] = best
                    argmax[b, i, j, c] = winner
    return y, argmax


def max_pool2d_backward(dy: Array, argmax: Array, size: Pair) -> Array:
    """dx[b, h, w, c] = sum of dy[b, i, j, c] where argmax[b, i, j, c] = h*W + w.

    (B, Ho, Wo, C) to (B, H, W, C) with (H, W) = size.
    """
    batch, rows, cols, channels = dy.shape
    dx = np.zeros((batch, size[0], size[1], channels), dy.dtype)
    for b in range(batch):
        for i in range(rows):
            for j in range(cols):
                for c in range(channels):
                    winner = argmax[b, i, j, c]
                    dx[b, winner // size[1], winner % size[1], c] += dy[b, i, j, c]
    return dx


def avg_pool2d(
    x: Array,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    output_size: Pair,
    count_include_pad: bool,
) -> Array:
    """y[b, i, j, c] = 1/n_ij sum_uv x[b, i*sh + u - ph, j*sw + v - pw, c].

    x is 0 outside the map.  n_ij counts the window's cells inside the map; with
    count_include_pad also those in the padding, but not what hangs over beyond it
    (ceil_mode).  (B, H, W, C) to (B, Ho, Wo, C).
    """
    batch, height, width, channels = x.shape
    y = np.empty((batch, output_size[0], output_size[1], channels), x.dtype)
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
                for c in range(channels):
                    total = 0.0
                    for h in range(max(top, 0), bottom):
                        for w in range(max(left, 0), right):
                            total += x[b, h, w, c]
                    y[b, i, j, c] = total / count
    return y


def avg_pool2d_backward(
    dy: Array,
    size: Pair,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    count_include_pad: bool,
) -> Array:
    """dx[b, h, w, c] = sum of dy[b, i, j, c] / n_ij over the windows that hold (h, w).

    n_ij as in `avg_pool2d`.  (B, Ho, Wo, C) to (B, H, W, C) with (H, W) = size.
    """
    batch, rows, cols, channels = dy.shape
    dx = np.zeros((batch, size[0], size[1], channels), dy.dtype)
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
                for h in range(max(top, 0), bottom):
                    for w in range(max(left, 0), right):
                        for c in range(channels):
                            dx[b, h, w, c] += dy[b, i, j, c] / count
    return dx
