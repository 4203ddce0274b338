"""What is done to a tile: some queries of a head, with all its keys."""

from __future__ import annotations

import numpy as np

from minicvt.kernels.attention.rows import exponentials, inner, largest, total
from minicvt.kernels.intrinsics import wide
from minicvt.kernels.jit import helper
from minicvt.kernels.multiplication.blocks import multiply
from minicvt.kernels.multiplication.packing import pack_turned
from minicvt.kernels.multiplication.panels import (
    by_columns,
    by_rows,
    every_row,
    panels,
    room,
)
from minicvt.kernels.multiplication.registers import ROWS, WIDE
from minicvt.kernels.team import shared
from minicvt.kernels.types import Array

# Scores in a tile on the way there: they are in the first cache.  Queries in one on
# the way back, where each is added to dk and dv: more would drive those out of the
# second.
THERE, BACK = 12_000, 4 * ROWS


@helper
def tile(keys: int) -> int:
    """Return how many queries make a tile on the way there."""
    return max(1, THERE // (keys * ROWS)) * ROWS


@shared
def there(
    q: Array,
    k: Array,
    v: Array,
    bias: Array | None,
    scale: float,
    out: Array,
    shifts: Array,
    totals: Array,
    tiles: int,
    first: int,
    last: int,
) -> None:
    """Fill out, and each row's largest score and sum, for some of all heads' tiles."""
    (queries, heads, depth), (keys, width) = q.shape[1:], v.shape[1::2]
    rows = tile(keys)
    keys_t, scores = panels(depth, keys, WIDE // q.itemsize, q), room(rows, keys, q)
    zeros = np.zeros(max(scores.shape[1], width), q.dtype)
    for unit in range(first, last):
        head, number = divmod(unit, tiles)
        b, h = divmod(head, heads)
        if number == 0 or unit == first:
            pack_turned(keys_t, k[b, :, h], scale)
        t = number * rows
        n = min(rows, queries - t)
        x, into, p = q[b, t : t + n, h], out[b, t : t + n, h], scores[:n]
        multiply(p[:, :], by_rows(x), keys_t, every_row(zeros, 0, p))
        _add_bias(p, bias, b, h, t)
        for i in range(n):
            shifts[b, h, t + i] = largest(p, i, keys)
        _shifted_exponentials(p, shifts[b, h, t : t + n], keys)
        weights, values = by_rows(p[:, :keys]), by_columns(v[b, :, h])
        multiply(into, weights, values, every_row(zeros, 0, into))
        for i in range(n):
            norm = total(p, i, keys)
            totals[b, h, t + i] = norm
            norm = 1 / norm
            for e in range(width):  # T x e quotients instead of T x S
                out[b, t + i, h, e] *= norm


@shared
def back(
    dout: Array,
    q: Array,
    k: Array,
    v: Array,
    bias: Array | None,
    scale: float,
    shifts: Array,
    totals: Array,
    dq: Array,
    dk: Array,
    dv: Array,
    dscores: Array | None,
    first: int,
    last: int,
) -> None:
    """Fill dq, dk, dv and, if it is there, dscores, for some parts of all heads."""
    (queries, heads, depth), (keys, width), parts = q.shape[1:], v.shape[1::2], len(dk)
    panel = WIDE // q.itemsize
    keys_t, values_t = panels(depth, keys, panel, q), panels(width, keys, panel, q)
    scores, cotangents = room(BACK, keys, q), room(BACK, keys, q)
    zeros = np.zeros(max(scores.shape[1], depth), q.dtype)
    for unit in range(first, last):
        head, part = divmod(unit, parts)
        b, h = divmod(head, heads)
        pack_turned(keys_t, k[b, :, h], scale)
        pack_turned(values_t, v[b, :, h], 1.0)
        start, end = queries * part // parts, queries * (part + 1) // parts
        for t in range(start, end, BACK):
            n = min(BACK, end - t)
            p, ds = scores[:n], cotangents[:n]
            x, d = q[b, t : t + n, h], dout[b, t : t + n, h]
            multiply(p[:, :], by_rows(x), keys_t, every_row(zeros, 0, p))
            _add_bias(p, bias, b, h, t)
            _shifted_exponentials(p, shifts[b, h, t : t + n], keys)
            _divide(p, totals[b, h, t : t + n], keys)
            multiply(ds[:, :], by_rows(d), values_t, every_row(zeros, 0, ds))
            _softmax_backward(ds, p, keys, 1 if dscores is not None else scale)
            if dscores is not None:
                dscores[b, h, t : t + n] = ds[:, :keys]
                ds *= q.dtype.type(scale)
            p, ds = p[:, :keys], ds[:, :keys]
            dx, dkey, dvalue = dq[b, t : t + n, h], dk[part, b, :, h], dv[part, b, :, h]
            nothing = every_row(zeros, 0, dx)
            multiply(dx, by_rows(ds), by_columns(k[b, :, h]), nothing)
            multiply(dkey, by_rows(ds.T), by_columns(x), dkey)
            multiply(dvalue, by_rows(p.T), by_columns(d), dvalue)


@helper
def _add_bias(p: Array, bias: Array | None, b: int, h: int, t: int) -> None:
    """p += bias, whose row 0 is that of query t of a head."""
    wide()
    if bias is not None:
        for n in range(len(p)):
            row = bias[b % len(bias), h % bias.shape[1], t + n]
            for s in range(len(row)):
                p[n, s] += row[s]


@helper
def _shifted_exponentials(p: Array, shifts: Array, keys: int) -> None:
    """p[n] = exp(p[n] - shifts[n]), for so many keys; the columns after only pad."""
    wide()
    for n in range(len(p)):
        shift = shifts[n]
        for s in range(keys):
            p[n, s] -= shift
    exponentials(p)


@helper
def _divide(p: Array, totals: Array, keys: int) -> None:
    """p[n] = p[n] / totals[n]."""
    wide()
    for n in range(len(p)):
        norm = 1 / totals[n]
        for s in range(keys):
            p[n, s] *= norm


@helper
def _softmax_backward(dp: Array, p: Array, keys: int, scale: float) -> None:
    """dp[n] = scale p[n] (dp[n] - sum(dp[n] p[n]))."""
    wide()
    factor = p.dtype.type(scale)
    for n in range(len(p)):
        mean = inner(dp, p, n, keys)
        for s in range(keys):
            dp[n, s] = factor * p[n, s] * (dp[n, s] - mean)
