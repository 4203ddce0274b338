"""Attention in Numba: query tiles, whose scores never leave the cache.

Own bodies, for measured reasons.  The loops' products take a hundred times as long as
`blocks.multiply`.  Of their softmax, compiled as it stands, neither the maximum nor
the exponential nor the sum becomes vector instructions: 2 times as long over rows of 5
columns, 10 times over 784.  And in tiles neither direction needs memory for all T x S
scores, which takes as long to fill as they take to be made again on the way back.

Heads are views of tokens (B, T, h, d), and so are the results: cutting and merging
them copies nothing.
"""

from __future__ import annotations

from math import prod

import numpy as np

from minicvt.kernels.attention.rows import softmax, softmax_backward
from minicvt.kernels.attention.tiles import BACK, back, there, tile
from minicvt.kernels.jit import frozen
from minicvt.kernels.types import Array

__all__ = ["attend", "attend_backward", "softmax", "softmax_backward"]

# The way back is split among threads by heads, those of few into so many parts in all:
# always as many, so that their sum is the same for any number of threads.
PARTS = 4

# Nanoseconds that a head takes, a score, and each multiply-add.
HEAD, SCORE, MULTIPLY_ADD = 700, 0.5, 0.01


def attend(
    q: Array, k: Array, v: Array, bias: Array | None, scale: float
) -> tuple[Array, Array, Array]:
    """out = p v with p = softmax(scale q kT + bias), its maxima and sums, by tiles."""
    (batch, heads, queries, _), (keys, width) = q.shape, v.shape[2:]
    arrays = (_tokens(q), _tokens(k), _tokens(v), _whole(bias, queries, keys), scale)
    out = np.empty((batch, queries, heads, width), q.dtype)
    largest, total = np.empty((2, *q.shape[:3]), q.dtype)
    rows = tile(keys)
    work = batch * heads * -(-queries // rows), _nanoseconds(q, v)
    there(*work, *arrays, out, largest, total, rows)
    return out.transpose(0, 2, 1, 3), largest, total


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
    """dq = scale ds k, dk = scale dsT q, dv = pT dout, with p made again, tile by tile.

    ds is kept only where there is a bias, whose cotangent it is.
    """
    (batch, heads, queries, _), keys = q.shape, k.shape[2]
    whole, tokens = _whole(bias, queries, keys), [_tokens(x) for x in (dout, q, k, v)]
    arrays = (*tokens, whole, scale, frozen(largest), frozen(total))
    parts = max(1, min(-(-queries // BACK), -(-PARTS // max(1, batch * heads))))
    dq = np.empty(tokens[1].shape, q.dtype)
    dk, dv = (np.zeros((parts * batch, *x.shape[1:]), q.dtype) for x in tokens[2:])
    dscores = None if bias is None else np.empty((*q.shape[:3], keys), q.dtype)
    work = batch * heads * parts, 2.5 * _nanoseconds(q, v)
    back(*work, *arrays, dq, dk, dv, dscores, parts)
    if parts > 1:
        dk, dv = (x.reshape(parts, batch, *x.shape[1:]).sum(0) for x in (dk, dv))
    dq, dk, dv = (x.transpose(0, 2, 1, 3) for x in (dq, dk, dv))
    return dq, dk, dv, dscores


def _nanoseconds(q: Array, v: Array) -> float:
    heads, scores = prod(q.shape[:2]), prod(q.shape[:3]) * v.shape[2]
    return heads * HEAD + scores * (SCORE + MULTIPLY_ADD * (q.shape[3] + v.shape[3]))


def _tokens(heads: Array) -> Array:
    """Return (B, h, T, d) as (B, T, h, d)."""
    return frozen(heads.transpose(0, 2, 1, 3))


def _whole(bias: Array | None, queries: int, keys: int) -> Array | None:
    """Return a bias with four axes, only the first two of which may be 1 long."""
    if bias is None:
        return None
    lead = (1, 1, 1, 1, *bias.shape)[-4:-2]
    return frozen(np.broadcast_to(bias, (*lead, queries, keys)))
