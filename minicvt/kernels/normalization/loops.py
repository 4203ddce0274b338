"""Normalisation as nested loops.  Rows are everything but the last axis, flattened.

Layer normalisation looks along a row (one token, all channels), batch normalisation
down a column (one channel, all tokens of the batch).  Sums run in float64 for either
dtype: they start from np.float64(0) or np.zeros(channels).
"""

from __future__ import annotations

import math

import numpy as np

from minicvt.kernels.types import Array


def layer_norm(
    x: Array, weight: Array, bias: Array, eps: float
) -> tuple[Array, Array, Array]:
    """y[n, c] = weight[c] (x[n, c] - mean[n]) rstd[n] + bias[c].

    mean[n] = sum_c x[n, c] / C and rstd[n] = 1 / sqrt(var[n] + eps), where
    var[n] = sum_c (x[n, c] - mean[n])^2 / C  (Ba et al. 2016, equation 3).
    x is (N, C); returns y (N, C), mean (N,) and rstd (N,).
    """
    rows, channels = x.shape
    y = np.empty_like(x)
    mean = np.empty(rows, x.dtype)
    rstd = np.empty(rows, x.dtype)
    for n in range(rows):
        total = np.float64(0)
        for c in range(channels):
            total += x[n, c]
        mean[n] = total / channels
        squares = np.float64(0)
        for c in range(channels):
            squares += (x[n, c] - mean[n]) ** 2
        rstd[n] = 1 / math.sqrt(squares / channels + eps)
        for c in range(channels):
            y[n, c] = weight[c] * (x[n, c] - mean[n]) * rstd[n] + bias[c]
    return y, mean, rstd


def add_layer_norm(
    x: Array, branch: Array, weight: Array, bias: Array, eps: float
) -> tuple[Array, Array, Array, Array]:
    """s[n, c] = x[n, c] + branch[n, c], and what `layer_norm` makes of s.

    Compiled, a row is normalised while it is still in the cache: s need not come back
    from memory. x and branch are (N, C); returns s and y (N, C), mean and rstd (N,).
    """
    rows, channels = x.shape
    s = np.empty_like(x)
    for n in range(rows):
        for c in range(channels):
            s[n, c] = x[n, c] + branch[n, c]
    return s, *layer_norm(s, weight, bias, eps)


def layer_norm_backward(
    dy: Array,
    x: Array,
    weight: Array,
    mean: Array,
    rstd: Array,
    arrived: Array | None = None,
) -> tuple[Array, Array, Array]:
    """dx[n, c] = rstd[n] (g[n, c] - mean_c(g) - xhat[n, c] mean_c(g xhat)).

    Here xhat[n, c] = (x[n, c] - mean[n]) rstd[n] is the normalised input and
    g[n, c] = weight[c] dy[n, c] its cotangent; the two means are the paths through
    mean[n] and rstd[n].  dweight[c] = sum_n dy xhat and dbias[c] = sum_n dy.  Where
    x went other ways too, what has arrived from there is added to dx[n, c].
    """
    rows, channels = x.shape
    dx = np.empty_like(x)
    dweight = np.zeros(channels)
    dbias = np.zeros(channels)
    for n in range(rows):
        g_mean = np.float64(0)
        g_xhat_mean = np.float64(0)
        for c in range(channels):
            xhat = (x[n, c] - mean[n]) * rstd[n]
            g_mean += weight[c] * dy[n, c]
            g_xhat_mean += weight[c] * dy[n, c] * xhat
        g_mean /= channels
        g_xhat_mean /= channels
        for c in range(channels):
            xhat = (x[n, c] - mean[n]) * rstd[n]
            dx[n, c] = rstd[n] * (weight[c] * dy[n, c] - g_mean - xhat * g_xhat_mean)
            if arrived is not None:
                dx[n, c] += arrived[n, c]
            dweight[c] += dy[n, c] * xhat
            dbias[c] += dy[n, c]
    return dx, dweight.astype(x.dtype), dbias.astype(x.dtype)


def batch_norm(
    x: Array, weight: Array, bias: Array, eps: float
) -> tuple[Array, Array, Array]:
    """y[n, c] = weight[c] (x[n, c] - mean[c]) rstd[c] + bias[c].

    mean[c] = sum_n x[n, c] / N and rstd[c] = 1 / sqrt(var[c] + eps), where
    var[c] = sum_n (x[n, c] - mean[c])^2 / N is the biased variance of this batch
    (Ioffe and Szegedy 2015, algorithm 1).
    x is (N, C); returns y (N, C), mean (C,) and var (C,).
    """
    rows, channels = x.shape
    total = np.zeros(channels)
    for n in range(rows):
        for c in range(channels):
            total[c] += x[n, c]
    mean = total / rows
    squares = np.zeros(channels)
    for n in range(rows):
        for c in range(channels):
            squares[c] += (x[n, c] - mean[c]) ** 2
    var = squares / rows
    rstd = 1 / np.sqrt(var + eps)
    y = np.empty_like(x)
    for n in range(rows):
        for c in range(channels):
            y[n, c] = weight[c] * (x[n, c] - mean[c]) * rstd[c] + bias[c]
    return y, mean.astype(x.dtype), var.astype(x.dtype)


def batch_norm_backward(
    dy: Array, x: Array, weight: Array, mean: Array, var: Array, eps: float
) -> tuple[Array, Array, Array]:
    """dx[n, c] = weight[c] rstd[c] (dy[n, c] - (dbias[c] + xhat dweight[c]) / N).

    Here xhat[n, c] = (x[n, c] - mean[c]) rstd[c] is the normalised input.
    dweight[c] = sum_n dy xhat and dbias[c] = sum_n dy come into dx as the paths
    through the variance and the mean of the batch.
    """
    rows, channels = x.shape
    rstd = 1 / np.sqrt(var + eps)
    dweight = np.zeros(channels)
    dbias = np.zeros(channels)
    for n in range(rows):
        for c in range(channels):
            dweight[c] += dy[n, c] * (x[n, c] - mean[c]) * rstd[c]
            dbias[c] += dy[n, c]
    dbias_mean = dbias / rows
    dweight_mean = dweight / rows
    dx = np.empty_like(x)
    for n in range(rows):
        for c in range(channels):
            xhat = (x[n, c] - mean[c]) * rstd[c]
            paths = dbias_mean[c] + xhat * dweight_mean[c]
            dx[n, c] = weight[c] * rstd[c] * (dy[n, c] - paths)
    return dx, dweight.astype(x.dtype), dbias.astype(x.dtype)


def batch_norm_eval(
    x: Array, weight: Array, bias: Array, mean: Array, var: Array, eps: float
) -> Array:
    """y[n, c] = weight[c] (x[n, c] - mean[c]) / sqrt(var[c] + eps) + bias[c].

    mean (C,) and var (C,) are the running statistics, constants here.
    """
    rows, channels = x.shape
    rstd = 1 / np.sqrt(var + eps)
    y = np.empty_like(x)
    for n in range(rows):
        for c in range(channels):
            y[n, c] = weight[c] * (x[n, c] - mean[c]) * rstd[c] + bias[c]
    return y


def batch_norm_eval_backward(
    dy: Array, x: Array, weight: Array, mean: Array, var: Array, eps: float
) -> tuple[Array, Array, Array]:
    """dx[n, c] = weight[c] rstd[c] dy[n, c], rstd[c] = 1 / sqrt(var[c] + eps).

    dweight[c] = sum_n dy[n, c] (x[n, c] - mean[c]) rstd[c], dbias[c] = sum_n dy[n, c].
    """
    rows, channels = x.shape
    rstd = 1 / np.sqrt(var + eps)
    dx = np.empty_like(x)
    dweight = np.zeros(channels)
    dbias = np.zeros(channels)
    for n in range(rows):
        for c in range(channels):
            dx[n, c] = weight[c] * rstd[c] * dy[n, c]
            dweight[c] += dy[n, c] * (x[n, c] - mean[c]) * rstd[c]
            dbias[c] += dy[n, c]
    return dx, dweight.astype(x.dtype), dbias.astype(x.dtype)


def column_sum(x: Array) -> Array:
    """total[c] = sum_n x[n, c]: the gradient of a bias, (N, C) -> (C,).

    The sum runs in float64: added up in float32 it would lose a digit or more when
    there are many rows.
    """
    rows, channels = x.shape
    total = np.zeros(channels)
    for n in range(rows):
        for c in range(channels):
            total[c] += x[n, c]
    return total.astype(x.dtype)
