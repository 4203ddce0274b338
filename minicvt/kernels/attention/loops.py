"""Attention as nested loops: out = softmax(scale q kT + bias) v, head by head.

Sums along a row run in float64 for either dtype: they start from np.float64(0).
"""

from __future__ import annotations

import math

import numpy as np

from minicvt.kernels.types import Array


def softmax(x: Array) -> Array:
    """y[n, k] = exp(x[n, k]) / sum_j exp(x[n, j]), row by row, (N, K) -> (N, K).

    The largest x of the row is subtracted first: that changes nothing in the
    quotient, and no exponential is larger than 1.
    """
    rows, columns = x.shape
    y = np.empty_like(x)
    for n in range(rows):
        largest = x[n, 0]
        for k in range(columns):
            largest = max(largest, x[n, k])
        total = np.float64(0)
        for k in range(columns):
            y[n, k] = math.exp(x[n, k] - largest)
            total += y[n, k]
        for k in range(columns):
            y[n, k] /= total
    return y


def softmax_backward(dy: Array, y: Array) -> Array:
    """dx[n, k] = y[n, k] (dy[n, k] - sum_j dy[n, j] y[n, j]); y is the output."""
    rows, columns = y.shape
    dx = np.empty_like(y)
    for n in range(rows):
        inner = np.float64(0)
        for k in range(columns):
            inner += dy[n, k] * y[n, k]
        for k in range(columns):
            dx[n, k] = y[n, k] * (dy[n, k] - inner)
    return dx


def attend(
    q: Array, k: Array, v: Array, bias: Array | None, scale: float
) -> tuple[Array, Array, Array]:
    """out[t] = sum_s p[t, s] v[s], with p[t] = softmax(scale q[t].k[:] + bias[t, :]).

    Scaled dot-product attention of every sample b and head h (Vaswani et al. 2017,
    equation 1).  q is (B, h, T, d), k (B, h, S, d), v (B, h, S, e), bias is None or
    broadcasts to (B, h, T, S).  Returns out (B, h, T, e) and of each row of scores the
    largest and the sum of exponentials, (B, h, T), from which p can be made again.

    In memory the heads of a token follow each other, as they do in q: to merge them
    copies nothing.
    """
    batch, heads, queries, _ = q.shape
    tokens = np.zeros((batch, queries, heads, v.shape[3]), q.dtype)
    out = tokens.transpose(0, 2, 1, 3)
    largest, total = np.zeros((2, batch, heads, queries), q.dtype)
    for b, h, t in np.ndindex(batch, heads, queries):
        p = _scores(q, k, bias, scale, b, h, t)
        largest[b, h, t] = p[0]
        for s in range(len(p)):
            largest[b, h, t] = max(largest[b, h, t], p[s])
        exponentials = np.float64(0)
        for s in range(len(p)):
            p[s] = math.exp(p[s] - largest[b, h, t])
            exponentials += p[s]
        total[b, h, t] = exponentials
        for s in range(len(p)):
            p[s] /= exponentials
            for e in range(v.shape[3]):
                out[b, h, t, e] += p[s] * v[b, h, s, e]
    return out, largest, total


def _scores(
    q: Array, k: Array, bias: Array | None, scale: float, b: int, h: int, t: int
) -> Array:
    """Return scale q[t].k[s] + bias[t, s] for all s: one query of one head."""
    keys, width = k.shape[2:]
    scores = np.zeros(keys, q.dtype)
    if bias is not None:
        scores[:] = np.broadcast_to(bias, (*q.shape[:3], keys))[b, h, t]
    for s in range(keys):
        for d in range(width):
            scores[s] += scale * q[b, h, t, d] * k[b, h, s, d]
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
    """dq[t] = scale sum_s ds[t, s] k[s], dk[s] = scale sum_t ds[t, s] q[t].

    ds[t] = softmax_backward(dp[t], p[t]), with dp[t, s] = dout[t].v[s], is the
    cotangent of the scores after scale and bias; and dv[s] = sum_t p[t, s] dout[t].
    p[t, s] = exp(scores[t, s] - largest[t]) / total[t] is made again: to keep it would
    take (B, h, T, S).  Of one number, the logarithm of the sum, the rounding would be
    in all p.  Returns dq, dk, dv and, where there is a bias, its cotangent ds.
    """
    batch, heads, queries, width = q.shape
    keys, value_width = v.shape[2:]
    dq = np.zeros(q.shape, q.dtype)
    dk = np.zeros(k.shape, k.dtype)
    dv = np.zeros(v.shape, v.dtype)
    dscores = None if bias is None else np.zeros((*q.shape[:3], keys), q.dtype)
    for b, h, t in np.ndindex(batch, heads, queries):
        p = _scores(q, k, bias, scale, b, h, t)
        ds = np.zeros(keys, q.dtype)  # first dp, then softmax_backward in place
        inner = np.float64(0)
        for s in range(keys):
            p[s] = math.exp(p[s] - largest[b, h, t]) / total[b, h, t]
            for e in range(value_width):
                ds[s] += dout[b, h, t, e] * v[b, h, s, e]
                dv[b, h, s, e] += p[s] * dout[b, h, t, e]
            inner += ds[s] * p[s]
        for s in range(keys):
            ds[s] = p[s] * (ds[s] - inner)
            for d in range(width):
                dq[b, h, t, d] += scale * ds[s] * k[b, h, s, d]
                dk[b, h, s, d] += scale * ds[s] * q[b, h, t, d]
        if dscores is not None:
            dscores[b, h, t] = ds
    return dq, dk, dv, dscores
