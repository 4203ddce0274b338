"""Unfolding in NumPy: windows are a strided view, their adjoint k*k strided sums."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from minicvt.kernels.types import Array, Pair


def im2col(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Gather the windows of the padded map, (B, Ho, Wo, kh, kw, C)."""
    (ph, pw), (sh, sw) = padding, stride
    padded = np.pad(x, ((0, 0), (ph, ph), (pw, pw), (0, 0)))
    windows = sliding_window_view(padded, kernel, axis=(1, 2))[:, ::sh, ::sw]
    return windows.transpose(0, 1, 2, 4, 5, 3).copy()


def col2im(columns: Array, size: Pair, stride: Pair, padding: Pair) -> Array:
    """Add every window element back to where `im2col` took it, (B, H, W, C)."""
    batch, rows, cols, kh, kw, channels = columns.shape
    (ph, pw), (sh, sw) = padding, stride
    padded = np.zeros(
        (batch, size[0] + 2 * ph, size[1] + 2 * pw, channels), columns.dtype
    )
    for u, v in np.ndindex(kh, kw):
        window = padded[:, u : u + rows * sh : sh, v : v + cols * sw : sw]
        window += columns[:, :, :, u, v]
    return padded[:, ph : ph + size[0], pw : pw + size[1]].copy()
