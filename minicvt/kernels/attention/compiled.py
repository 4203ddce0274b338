"""Attention in Numba: the products of matrices are BLAS', what lies between one pass.

Own bodies, for two measured reasons.  The loops' products of matrices take a hundred
times as long as BLAS.  And of their softmax, compiled as it stands, neither the
maximum nor the exponential nor the sum becomes vector instructions: it takes 2 times
as long over rows of 5 columns, 10 times over 784.
"""

from __future__ import annotations

import numpy as np

from minicvt.kernels.attention import loops
from minicvt.kernels.fastmath import ANY_ORDER, exp
from minicvt.kernels.intrinsics import larger
from minicvt.kernels.jit import helper, jit, jit_in_place
from minicvt.kernels.types import Array

softmax_backward = jit(loops.softmax_backward, fastmath=ANY_ORDER)

# Softmax goes over about so many elements at a time, 16 kB of float32: they stay in
# the first cache, and one loop takes the exponential of all of them, since single
# rows of 5 or 50 columns would leave vectors half empty.
BLOCK = 4096


@helper
def _largest(x: Array, n: int) -> float:
    largest = x[n, 0]
    for k in range(x.shape[1]):
        largest = larger(largest, x[n, k])
    return largest


@helper(fastmath=ANY_ORDER)
def _sum(x: Array, n: int) -> float:
    total = x.dtype.type(0)
    for k in range(x.shape[1]):
        total += x[n, k]
    return total


@helper(fastmath=ANY_ORDER)
def _inner(x: Array, y: Array, n: int) -> float:
    total = x.dtype.type(0)
    for k in range(x.shape[1]):
        total += x[n, k] * y[n, k]
    return total


@helper
def _softmax_rows(y: Array, first: int, last: int) -> None:
    """Replace the rows first to last of y by their softmax."""
    for n in range(first, last):
        largest = _largest(y, n)
        for k in range(y.shape[1]):
            y[n, k] -= largest
    flat = y[first:last].reshape(-1)
    for i in range(flat.size):
        flat[i] = exp(flat[i])
    for n in range(first, last):
        total = _sum(y, n)
        for k in range(y.shape[1]):
            y[n, k] /= total


@jit
def softmax(x: Array) -> Array:
    """y = softmax(x), a block of rows at a time."""
    rows, columns = x.shape
    step = max(1, BLOCK // columns)
    y = np.empty_like(x)
    for first in range(0, rows, step):
        last = min(first + step, rows)
        for n in range(first, last):
            for k in range(columns):
                y[n, k] = x[n, k]
        _softmax_rows(y, first, last)
    return y


@jit_in_place
def _scores_to_probabilities(scores: Array, bias: Array | None, scale: float) -> None:
    """Replace scores by softmax(scale scores + bias); row n takes bias n mod R of R."""
    rows, columns = scores.shape
    step = max(1, BLOCK // columns)
    factor = scores.dtype.type(scale)
    for first in range(0, rows, step):
        last = min(first + step, rows)
        for n in range(first, last):
            for k in range(columns):
                scores[n, k] *= factor
            if bias is not None:
                for k in range(columns):
                    scores[n, k] += bias[n % len(bias), k]
        _softmax_rows(scores, first, last)


@jit_in_place
def _softmax_backward(dy: Array, y: Array) -> None:
    """Replace dy by y (dy - sum(dy y)): 4 times faster than into new memory."""
    for n in range(len(y)):
        inner = _inner(dy, y, n)
        for k in range(y.shape[1]):
            dy[n, k] = y[n, k] * (dy[n, k] - inner)


def attend(
    q: Array, k: Array, v: Array, bias: Array | None, scale: float
) -> tuple[Array, Array]:
    """out = p v with p = softmax(scale q kT + bias), computed where q kT stood."""
    scores = np.matmul(q, k.swapaxes(-1, -2), order="C")
    if bias is not None:
        bias = _rows(_repeating(bias, scores.shape))
    _scores_to_probabilities(scores.reshape(-1, scores.shape[-1]), bias, scale)
    return scores @ v, scores


def attend_backward(
    dout: Array, q: Array, k: Array, v: Array, scale: float, probabilities: Array
) -> tuple[Array, Array, Array, Array]:
    """dq = scale ds k, dk = scale dsT q, dv = pT dout; ds is where dout vT stood."""
    dv = probabilities.swapaxes(-1, -2) @ dout
    dscores = np.matmul(dout, v.swapaxes(-1, -2), order="C")
    flat = dscores.reshape(-1, dscores.shape[-1])
    _softmax_backward(flat, _rows(probabilities))
    dq = dscores @ k
    dq *= scale
    dk = dscores.swapaxes(-1, -2) @ q
    dk *= scale
    return dq, dk, dv, dscores


def _rows(array: Array) -> Array:
    """Return the array as rows, contiguous and read-only: one type for Numba."""
    rows = np.ascontiguousarray(array).reshape(-1, array.shape[-1])
    rows.flags.writeable = False
    return rows


def _repeating(bias: Array, shape: tuple[int, ...]) -> Array:
    """Return the bias without the leading axes that it has not, or only once.

    What is left is broadcast, so that its rows come round and round in ``shape``.
    """
    while bias.ndim and bias.shape[0] == 1:
        bias = bias[0]
    return np.broadcast_to(bias, shape[len(shape) - max(bias.ndim, 1) :])
