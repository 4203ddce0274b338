"""Unfolding as plain nested loops."""

from __future__ import annotations

import numpy as np

from minicvt.kernels.types import Array, Pair


def im2col(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """columns[b, i, j, u, v, c] = x[b, i*sh + u - ph, j*sw + v - pw, c].

    Every window of the map as one row; x is 0 outside the map.  (B, H, W, C) to
    (B, Ho, Wo, kh, kw, C), with Ho = floor((H + 2*ph - kh) / sh) + 1, so too Wo.
    """
    batch, height, width, channels = x.shape
    rows = (height + 2 * padding[0] - kernel[0]) // stride[0] + 1
    cols = (width + 2 * padding[1] - kernel[1]) // stride[1] + 1
    columns = np.zeros((batch, rows, cols, kernel[0], kernel[1], channels), x.dtype)
    for b in range(batch):
        for i in range(rows):
            for j in range(cols):
                for u in range(kernel[0]):
                    for v in range(kernel[1]):
                        h = i * stride[0] + u - padding[0]
                        w = j * stride[1] + v - padding[1]
                        if 0 <= h < height and 0 <= w < width:
                            for c in range(channels):
                                columns[b, i, j, u, v, c] = x[b, h, w, c]
    return columns


def col2im(columns: Array, size: Pair, stride: Pair, padding: Pair) -> Array:
    """x[b, h, w, c] = sum of columns[b, i, j, u, v, c] where i*sh + u - ph = h.

    And likewise j*sw + v - pw = w: the adjoint of `im2col`, each element of a
    window added where it came from.  (B, Ho, Wo, kh, kw, C) to (B, H, W, C) with
    (H, W) = size.
    """
    batch, rows, cols, kh, kw, channels = columns.shape
    x = np.zeros((batch, size[0], size[1], channels), columns.dtype)
    for b in range(batch):
        for i in range(rows):
            for j in range(cols):
                for u in range(kh):
                    for v in range(kw):
                        h = i * stride[0] + u - padding[0]
                        w = j * stride[1] + v - padding[1]
                        if 0 <= h < size[0] and 0 <= w < size[1]:
                            for c in range(channels):
                                x[b, h, w, c] += columns[b, i, j, u, v, c]
    return x
