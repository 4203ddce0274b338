"""Unfolding in NumPy: windows are a strided view, their adjoint k*k strided sums."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from minicvt.kernels.strided import pad, taps, unpad
from minicvt.kernels.types import Array, Pair


def im2col(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Gather the windows of the padded map, (B, Ho, Wo, kh, kw, C)."""
    windows = sliding_window_view(pad(x, padding), kernel, axis=(1, 2))
    strided = windows[:, :: stride[0], :: stride[1]]
    return strided.transpose(0, 1, 2, 4, 5, 3).copy()


def col2im(columns: Array, size: Pair, stride: Pair, padding: Pair) -> Array:
    """Add every window element back to where `im2col` took it, (B, H, W, C)."""
    batch, rows, cols, kh, kw, channels = columns.shape
    padded = pad(np.zeros((batch, *size, channels), columns.dtype), padding)
    for u, v, tap in taps(padded, (kh, kw), stride, (rows, cols)):
        tap += columns[:, :, :, u, v]
    return unpad(padded, size, padding)
