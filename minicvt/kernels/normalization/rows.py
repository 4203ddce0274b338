"""Normalised rows and their cotangents in Numba.

Sums along a row are taken in any order, in x's dtype: vectors of sums lose no more than
PyTorch's.
"""

from __future__ import annotations

import math
from functools import partial

from minicvt.kernels.fastmath import ANY_ORDER
from minicvt.kernels.intrinsics import wide
from minicvt.kernels.jit import helper
from minicvt.kernels.memory import zeros
from minicvt.kernels.normalization.columns import CHUNK, FEW, flush
from minicvt.kernels.team import shared
from minicvt.kernels.types import Array

any_order = partial(shared, fastmath=ANY_ORDER)

AT_ONCE = 4  # rows


@helper(fastmath=ANY_ORDER)
def normalise(
    x: Array,
    weight: Array,
    bias: Array,
    eps: float,
    y: Array,
    mean: Array,
    rstd: Array,
    first: int,
    last: int,
) -> None:
    """Write y, mean and rstd, for some rows."""
    wide()
    channels = x.shape[1]
    kind = x.dtype.type
    for n in range(first, last):
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


layer_norm = any_order(normalise)


@any_order
def add_layer_norm(
    x: Array,
    branch: Array,
    weight: Array,
    bias: Array,
    eps: float,
    s: Array,
    y: Array,
    mean: Array,
    rstd: Array,
    first: int,
    last: int,
) -> None:
    """Write s, and the rest while its rows are in the cache, for some rows."""
    wide()
    for top in range(first, last, AT_ONCE):
        end = min(top + AT_ONCE, last)
        for n in range(top, end):
            for c in range(x.shape[1]):
                s[n, c] = x[n, c] + branch[n, c]
        normalise(s, weight, bias, eps, y, mean, rstd, top, end)


@any_order
def layer_norm_backward(
    dy: Array,
    x: Array,
    weight: Array,
    mean: Array,
    rstd: Array,
    arrived: Array,
    dx: Array,
    sums: Array,
    first: int,
    last: int,
) -> None:
    """Write dx and add to dbias and dweight, for some chunks of rows.

    ``arrived`` is added to dx: a row each, or one for all.
    """
    rows, channels = x.shape
    kind = x.dtype.type
    few = zeros((2, channels), x)
    for n in range(first * CHUNK, min(last * CHUNK, rows)):
        center, scale, own = mean[n], rstd[n], min(n, len(arrived) - 1)
        g_mean = g_xhat_mean = kind(0)
        for c in range(channels):
            g = weight[c] * dy[n, c]
            g_mean += g
            g_xhat_mean += g * (x[n, c] - center)
        g_mean /= kind(channels)
        g_xhat_mean *= scale / kind(channels)
        for c in range(channels):
            xhat = (x[n, c] - center) * scale
            g = weight[c] * dy[n, c] - g_mean - xhat * g_xhat_mean
            dx[n, c] = arrived[own, c] + scale * g
            few[0, c] += dy[n, c]
            few[1, c] += dy[n, c] * xhat
        if (n + 1) % FEW == 0 or n + 1 == rows:
            flush(few, sums, n // CHUNK)


@any_order
def batch_norm(
    x: Array, mean: Array, scale: Array, bias: Array, y: Array, first: int, last: int
) -> None:
    """y[n, c] = (x[n, c] - mean[c]) scale[c] + bias[c], for some rows."""
    for n in range(first, last):
        for c in range(x.shape[1]):
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
    first: int,
    last: int,
) -> None:
    """dx[n, c] = scale[c] (dy[n, c] - dmean[c] - (x[n, c] - mean[c]) slope[c])."""
    for n in range(first, last):
        for c in range(x.shape[1]):
            paths = dmean[c] + (x[n, c] - mean[c]) * slope[c]
            dx[n, c] = scale[c] * (dy[n, c] - paths)
