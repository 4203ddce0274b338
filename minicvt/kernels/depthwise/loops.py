"""Depthwise convolution as plain nested loops."""

from __future__ import annotations

import numpy as np

from minicvt.kernels.types import Array, Pair


def depthwise_conv2d(x: Array, weight: Array, stride: Pair, padding: Pair) -> Array:
    """y[b, i, j, c] = sum_uv x[b, i*sh + u - ph, j*sw + v - pw, c] weight[c, 0, u, v].

    x is 0 outside the map.  (B, H, W, C) and (C, 1, kh, kw) to (B, Ho, Wo, C).
    """
    batch, height, width, channels = x.shape
    kh, kw = weight.shape[2:]
    rows = (height + 2 * padding[0] - kh) // stride[0] + 1
    cols = (width + 2 * padding[1] - kw) // stride[1] + 1
    y = np.empty((batch, rows, cols, channels), x.dtype)
    for b in range(batch):
        for i in range(rows):
            for j in range(cols):
                for c in range(channels):
                    total = 0.0
                    for u in range(kh):
                        for v in range(kw):
                            h = i * stride[0] + u - padding[0]
                            w = j * stride[1] + v - padding[1]
                            if 0 <= h < height and 0 <= w < width:
                                total += x[b, h, w, c] * weight[c, 0, u, v]
                    y[b, i, j, c] = total
    return y


def depthwise_conv2d_input_grad(
    dy: Array, weight: Array, size: Pair, stride: Pair, padding: Pair
) -> Array:
    """dx[b, h, w, c] = sum_ijuv dy[b, i, j, c] weight[c, 0, u, v].

    Over those i, j, u, v with i*sh + u - ph = h and j*sw + v - pw = w.
    (B, Ho, Wo, C) and (C, 1, kh, kw) to (B, H, W, C) with (H, W) = size.
    """
    batch, rows, cols, channels = dy.shape
    kh, kw = weight.shape[2:]
    dx = np.zeros((batch, size[0], size[1], channels), dy.dtype)
    for b in range(batch):
        for i in range(rows):
            for j in range(cols):
                for c in range(channels):
                    for u in range(kh):
                        for v in range(kw):
                            h = i * stride[0] + u - padding[0]
                            w = j * stride[1] + v - padding[1]
                            if 0 <= h < size[0] and 0 <= w < size[1]:
                                dx[b, h, w, c] += dy[b, i, j, c] * weight[c, 0, u, v]
    return dx


def depthwise_conv2d_weight_grad(
    dy: Array, x: Array, kernel: Pair, stride: Pair, padding: Pair
) -> Array:
    """dweight[c, 0, u, v] = sum_bij dy[b, i, j, c] x[b, i*sh+u-ph, j*sw+v-pw, c].

    (B, Ho, Wo, C) and (B, H, W, C) to (C, 1, kh, kw), summed in float64.
    """
    batch, height, width, channels = x.shape
    rows, cols = dy.shape[1:3]
    dweight = np.empty((channels, 1, kernel[0], kernel[1]), x.dtype)
    for c in range(channels):
        for u in range(kernel[0]):
            for v in range(kernel[1]):
                total = 0.0
                for b in range(batch):
                    for i in range(rows):
                        for j in range(cols):
                            h = i * stride[0] + u - padding[0]
                            w = j * stride[1] + v - padding[1]
                            if 0 <= h < height and 0 <= w < width:
                                total += dy[b, i, j, c] * x[b, h, w, c]
                dweight[c, 0, u, v] = total
    return dweight
