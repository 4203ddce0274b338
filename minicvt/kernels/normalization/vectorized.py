"""Normalisation with NumPy.  Sums over rows (axis 0) accumulate in float64."""

from __future__ import annotations

import numpy as np

from minicvt.kernels.types import Array


def layer_norm(
    x: Array, weight: Array, bias: Array, eps: float
) -> tuple[Array, Array, Array]:
    """y = weight (x - mean) rstd + bias, mean and rstd of each row."""
    mean = x.mean(axis=1)
    y = x - mean[:, None]
    rstd = 1 / np.sqrt(np.square(y).mean(axis=1) + eps)
    y *= rstd[:, None]
    y *= weight
    y += bias
    return y, mean, rstd


def add_layer_norm(
    x: Array, branch: Array, weight: Array, bias: Array, eps: float
) -> tuple[Array, Array, Array, Array]:
    """s = x + branch, and y, mean and rstd of its LayerNorm."""
    s = x + branch
    return s, *layer_norm(s, weight, bias, eps)


def layer_norm_backward(
    dy: Array,
    x: Array,
    weight: Array,
    mean: Array,
    rstd: Array,
    arrived: Array | None = None,
) -> tuple[Array, Array, Array]:
    """dx = rstd (g - mean(g) - xhat mean(g xhat)), g = weight dy, means of a row."""
    xhat = (x - mean[:, None]) * rstd[:, None]
    g = weight * dy
    dx = g - g.mean(axis=1, keepdims=True)
    dx -= xhat * (g * xhat).mean(axis=1, keepdims=True)
    dx *= rstd[:, None]
    if arrived is not None:
        dx += arrived
    return dx, column_sum(dy * xhat), column_sum(dy)


def batch_norm(
    x: Array, weight: Array, bias: Array, eps: float
) -> tuple[Array, Array, Array]:
    """y = weight (x - mean) / sqrt(var + eps) + bias, statistics of this batch."""
    mean = x.mean(axis=0, dtype=np.float64).astype(x.dtype)
    var = np.square(x - mean).mean(axis=0, dtype=np.float64).astype(x.dtype)
    return batch_norm_eval(x, weight, bias, mean, var, eps), mean, var


def batch_norm_backward(
    dy: Array, x: Array, weight: Array, mean: Array, var: Array, eps: float
) -> tuple[Array, Array, Array]:
    """dx = weight rstd (dy - (dbias + xhat dweight) / N)."""
    rstd = 1 / np.sqrt(var + eps)
    xhat = (x - mean) * rstd
    dweight = column_sum(dy * xhat)
    dbias = column_sum(dy)
    dx = dy - (dbias + xhat * dweight) / len(x)
    dx *= weight * rstd
    return dx, dweight, dbias


def batch_norm_eval(
    x: Array, weight: Array, bias: Array, mean: Array, var: Array, eps: float
) -> Array:
    """y = weight (x - mean) / sqrt(var + eps) + bias, statistics given."""
    y = x - mean
    y *= weight / np.sqrt(var + eps)
    y += bias
    return y


def batch_norm_eval_backward(
    dy: Array, x: Array, weight: Array, mean: Array, var: Array, eps: float
) -> tuple[Array, Array, Array]:
    """dx = weight rstd dy, dweight = sum dy xhat, dbias = sum dy."""
    rstd = 1 / np.sqrt(var + eps)
    dweight = column_sum(dy * ((x - mean) * rstd))
    return dy * (weight * rstd), dweight, column_sum(dy)


def column_sum(x: Array) -> Array:
    """total[c] = sum_n x[n, c]."""
    return x.sum(axis=0, dtype=np.float64).astype(x.dtype)
