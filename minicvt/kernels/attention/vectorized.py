"""Attention with NumPy: two products of matrices around a softmax."""

from __future__ import annotations

import numpy as np

from minicvt.kernels.multiplication.vectorized import matmul
from minicvt.kernels.types import Array


def softmax(x: Array) -> Array:
    """y = exp(x - max) / sum(exp(x - max)) along the last axis."""
    y = x - x.max(axis=-1, keepdims=True)
    np.exp(y, out=y)
    y /= y.sum(axis=-1, keepdims=True)
    return y


def softmax_backward(dy: Array, y: Array) -> Array:
    """dx = y (dy - sum(dy y)) along the last axis."""
    return y * (dy - (dy * y).sum(axis=-1, keepdims=True))


def attend(
    q: Array, k: Array, v: Array, bias: Array | None, scale: float
) -> tuple[Array, Array, Array]:
    """out = p v with p = softmax(scale q kT + bias), its maxima and sums."""
    p = _scores(q, k, bias, scale)
    largest = p.max(axis=-1, keepdims=True)
    p -= largest
    np.exp(p, out=p)
    total = p.sum(axis=-1, keepdims=True)
    batch, heads, queries, _ = p.shape
    tokens = np.empty((batch, queries, heads, v.shape[3]), v.dtype)
    out = tokens.transpose(0, 2, 1, 3)
    np.divide(matmul(p, v), total, out=out)
    return out, largest[..., 0], total[..., 0]


def _scores(q: Array, k: Array, bias: Array | None, scale: float) -> Array:
    scores = matmul(q, k.swapaxes(-1, -2))
    scores *= scale
    if bias is not None:
        scores += bias
    return scores


def attend_backward(
    dout: Array,
    q: Array,
    k: Array,
    v: Array,
    bias: Array | None,
    scale: float,
    largest: Array,
    total: Array,
) -> tuple[Array, Array, Array, Array | None]:
    """dq = scale ds k, dk = scale dsT q, dv = pT dout, ds = softmax_backward."""
    p = _scores(q, k, bias, scale)
    p -= largest[..., None]
    np.exp(p, out=p)
    p /= total[..., None]
    dv = matmul(p.swapaxes(-1, -2), dout)
    dscores = softmax_backward(matmul(dout, v.swapaxes(-1, -2)), p)
    dq = matmul(dscores, k)
    dq *= scale
    dk = matmul(dscores.swapaxes(-1, -2), q)
    dk *= scale
    return dq, dk, dv, None if bias is None else dscores
