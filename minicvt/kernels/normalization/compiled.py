"""Normalisation in Numba: threads share the rows.

Own bodies, for a measured reason: with every sum in float64, as in the loops, they take
1.3 to 2 times as long.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minicvt.kernels.jit import frozen
from minicvt.kernels.normalization import rows
from minicvt.kernels.normalization.columns import in_chunks, moments, total
from minicvt.kernels.types import Array

NANOSECONDS = 0.5  # an element, about


def layer_norm(
    x: Array, weight: Array, bias: Array, eps: float
) -> tuple[Array, Array, Array]:
    """y = weight (x - mean) rstd + bias, mean and rstd of each row."""
    x, weight, bias = frozen(x), frozen(weight), frozen(bias)
    y, mean, rstd = (np.empty(shape, x.dtype) for shape in (x.shape, len(x), len(x)))
    work = len(x), NANOSECONDS * x.size
    rows.layer_norm(*work, x, weight, bias, eps, y, mean, rstd)
    return y, mean, rstd


def layer_norm_backward(
    dy: Array,
    x: Array,
    weight: Array,
    mean: Array,
    rstd: Array,
    arrived: Array | None = None,
) -> tuple[Array, Array, Array]:
    """dx = rstd (g - mean(g) - xhat mean(g xhat)), g = weight dy, means of a row."""
    arrived = np.zeros((1, x.shape[1]), x.dtype) if arrived is None else arrived
    dx = np.empty(x.shape, x.dtype)
    arrays = map(frozen, (dy, x, weight, mean, rstd, arrived))
    sums = in_chunks(rows.layer_norm_backward, 2, *arrays, dx)
    dbias, dweight = sums.astype(x.dtype)
    return dx, dweight, dbias


def add_layer_norm(
    x: Array, branch: Array, weight: Array, bias: Array, eps: float
) -> tuple[Array, Array, Array, Array]:
    """s = x + branch, and y, mean and rstd of its LayerNorm, a few rows at a time."""
    x, branch, weight, bias = map(frozen, (x, branch, weight, bias))
    s, y = np.empty(x.shape, x.dtype), np.empty(x.shape, x.dtype)
    mean, rstd = np.empty(len(x), x.dtype), np.empty(len(x), x.dtype)
    work = len(x), 2 * NANOSECONDS * x.size
    rows.add_layer_norm(*work, x, branch, weight, bias, eps, s, y, mean, rstd)
    return s, y, mean, rstd


def batch_norm(
    x: Array, weight: Array, bias: Array, eps: float
) -> tuple[Array, Array, Array]:
    """y = weight (x - mean) / sqrt(var + eps) + bias, statistics of this batch."""
    mean = (total(x) / len(x)).astype(x.dtype)
    _, squares = moments(x, mean, x, mean)
    var = (squares / len(x)).astype(x.dtype)
    return batch_norm_eval(x, weight, bias, mean, var, eps), mean, var


def batch_norm_backward(
    dy: Array, x: Array, weight: Array, mean: Array, var: Array, eps: float
) -> tuple[Array, Array, Array]:
    """dx = weight rstd (dy - (dbias + xhat dweight) / N)."""
    rstd = 1 / np.sqrt(var + eps)
    dweight, dbias = _parameter_grads(dy, x, mean, rstd)
    vectors = mean, weight * rstd, dbias / len(x), dweight * rstd / len(x)
    dx = _filled(rows.batch_norm_backward, (dy, x), vectors)
    return dx, dweight.astype(x.dtype), dbias.astype(x.dtype)


def batch_norm_eval(
    x: Array, weight: Array, bias: Array, mean: Array, var: Array, eps: float
) -> Array:
    """y = weight (x - mean) / sqrt(var + eps) + bias, statistics given."""
    return _filled(rows.batch_norm, (x,), (mean, weight / np.sqrt(var + eps), bias))


def batch_norm_eval_backward(
    dy: Array, x: Array, weight: Array, mean: Array, var: Array, eps: float
) -> tuple[Array, Array, Array]:
    """dx = weight rstd dy, dweight = sum dy xhat, dbias = sum dy."""
    rstd = 1 / np.sqrt(var + eps)
    dweight, dbias = _parameter_grads(dy, x, mean, rstd)
    return dy * (weight * rstd), dweight.astype(x.dtype), dbias.astype(x.dtype)


def column_sum(x: Array) -> Array:
    """total[c] = sum_n x[n, c]."""
    return total(x).astype(x.dtype)


def _parameter_grads(
    dy: Array, x: Array, mean: Array, rstd: Array
) -> tuple[Array, Array]:
    """Return dweight and dbias in float64."""
    dbias, products = moments(dy, np.zeros_like(mean), x, mean)
    return products * rstd, dbias


def _filled(
    body: Callable[..., None], inputs: tuple[Array, ...], vectors: tuple[Array, ...]
) -> Array:
    """Return rows like those of the inputs, which the body writes."""
    y = np.empty(inputs[0].shape, inputs[0].dtype)
    arrays = [frozen(x) for x in inputs]
    columns = [frozen(vector.astype(y.dtype, copy=False)) for vector in vectors]
    body(len(y), NANOSECONDS * y.size, *arrays, *columns, y)
    return y
