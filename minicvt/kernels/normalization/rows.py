"""Normalised rows and their cotangents in Numba.

Sums along a row are taken in any order, in x's dtype: vectors of sums lose no more than
PyTorch's.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from minicvt.kernels.fastmath import ANY_ORDER
from minicvt.kernels.intrinsics import wide
from minicvt.kernels.jit import jit_in_place
from minicvt.kernels.normalization.columns import CHUNK, FEW, flush
from minicvt.kernels.types import Array

any_order = partial(jit_in_place, fastmath=ANY_ORDER)


@any_order
def layer_norm(
    x: Array, weight: Array, bias: Array, eps: float, y: Array, mean: Array, rstd: Array
) -> None:
    """Write y, mean and rstd."""
    wide()
    rows, channels = x.shape
    kind = x.dtype.type
    for n in range(rows):
        total = kind(0)
        for c in range(channels):
            total += x[n, c]
        center = total / kind(channels)
        squares = kind(0)
        for c in range(channels):
            squares += (x[n, c] - center) ** 2
        scale = kind(1 / math.sqrt(squares / channels + eps))
        for c in range(channels):
            y[n, c] = weight[c] * ((x[n, c] - center) * scale) + bias[c]
        mean[n], rstd[n] = center, scale


@any_order
def layer_norm_backward(
    dy: Array,
    x: Array,
    weight: Array,
    mean: Array,
    rstd: Array,
    dx: Array,
    sums: Array,
    first: int,
    last: int,
) -> None:
    """Write dx and add to dbias and dweight, for some chunks of rows."""
    rows, channels = x.shape
    kind = x.dtype.type
    few = np.zeros((2, channels), x.dtype)
    for n in range(first * CHUNK, min(last * CHUNK, rows)):
        center, scale = mean[n], rstd[n]
        g_mean = g_xhat_mean = kind(0)
        for c in range(channels):
            g = weight[c] * dy[n, c]
            g_mean += g
            g_xhat_mean += g * (x[n, c] - center)
        g_mean /= kind(channels)
        g_xhat_mean *= scale / kind(channels)
        for c in range(channels):
            xhat = (x[n, c] - center) * scale
            dx[n, c] = scale * (weight[c] * dy[n, c] - g_mean - xhat * g_xhat_mean)
            few[0, c] += dy[n, c]
            few[1, c] += dy[n, c] * xhat
        if (n + 1) % FEW == 0 or n + 1 == rows:
            flush(few, sums[n // CHUNK])


@any_order
def batch_norm(x: Array, mean: Array, scale: Array, bias: Array, y: Array) -> None:
    """y[n, c] = (x[n, c] - mean[c]) scale[c] + bias[c]."""
    rows, channels = x.shape
    for n in range(rows):
        for c in range(channels):
            y[n, c] = (x[n, c] - mean[c]) * scale[c] + bias[c]


@any_order
def batch_norm_backward(
    dy: Array,
    x: Array,
    mean: Array,
    scale: Array,
    dmean: Array,
    slope: Array,
    dx: Array,
) -> None:
    """dx[n, c] = scale[c] (dy[n, c] - dmean[c] - (x[n, c] - mean[c]) slope[c])."""
    rows, channels = x.shape
    for n in range(rows):
        for c in range(channels):
            paths = dmean[c] + (x[n, c] - mean[c]) * slope[c]
            dx[n, c] = scale[c] * (dy[n, c] - paths)
