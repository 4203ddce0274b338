"""What is done to a tile: some queries of a head, with all its keys."""

from __future__ import annotations

from minicvt.kernels.attention.rows import exponentials, largest, total
from minicvt.kernels.attention.views import corner, some, tokens, turned
from minicvt.kernels.fastmath import ANY_ORDER
from minicvt.kernels.intrinsics import wide
from minicvt.kernels.jit import helper
from minicvt.kernels.memory import zeros
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
    rows: int,
    first: int,
    last: int,
) -> None:
    """Fill out, and each row's largest score and sum, for some of all heads' tiles."""
    (queries, heads, depth), (keys, width) = q.shape[1:], v.shape[1::2]
    tiles = (queries + rows - 1) // rows
    keys_t, scores = panels(depth, keys, WIDE // q.itemsize, q), room(rows, keys, q)
    nothing = zeros((max(scores.shape[1], width),), q)
    for unit in range(first, last):
        head, t = unit // tiles, unit % tiles * rows
        b, h = head // heads, head % heads
        if t == 0 or unit == first:
            pack_turned(keys_t, tokens(k, b, h, 0, keys), scale)
        n = min(rows, queries - t)
        p, into = corner(scores, n, scores.shape[1]), tokens(out, b, h, t, n)
        x, values = tokens(q, b, h, t, n), tokens(v, b, h, 0, keys)
        multiply(p, by_rows(x), keys_t, every_row(nothing, 0, p))
        if bias is not None:
            _add_bias(scores, bias, b, h, t, n)
        for i in range(n):
            shifts[b, h, t + i] = largest(scores, i, keys)
        _shifted_exponentials(scores, some(shifts, b, h, t, n), keys)
        weights = by_rows(corner(scores, n, keys))
        multiply(into, weights, by_columns(values), every_row(nothing, 0, into))
        for i in range(n):
            norm = total(scores, i, keys)
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
    parts: int,
    first: int,
    last: int,
) -> None:
    """Fill dq, dk and dv of each part and, if there, dscores, for some parts."""
    (queries, heads, depth), (keys, width) = q.shape[1:], v.shape[1::2]
    panel = WIDE // q.itemsize
    keys_t, values_t = panels(depth, keys, panel, q), panels(width, keys, panel, q)
    scores, cotangents = room(BACK, keys, q), room(BACK, keys, q)
    columns, factor = scores.shape[1], 1 if dscores is not None else scale
    nothing = zeros((max(columns, depth),), q)
    for unit in range(first, last):
        b, h, part = unit // parts // heads, unit // parts % heads, unit % parts
        to = part * len(q) + b
        pack_turned(keys_t, tokens(k, b, h, 0, keys), scale)
        pack_turned(values_t, tokens(v, b, h, 0, keys), 1.0)
        dks, dvs = tokens(dk, to, h, 0, keys), tokens(dv, to, h, 0, keys)
        start, end = queries * part // parts, queries * (part + 1) // parts
        for t in range(start, end, BACK):
            n = min(BACK, end - t)
            x, d = tokens(q, b, h, t, n), tokens(dout, b, h, t, n)
            p, ds = corner(scores, n, columns), corner(cotangents, n, columns)
            multiply(p, by_rows(x), keys_t, every_row(nothing, 0, p))
            multiply(ds, by_rows(d), values_t, every_row(nothing, 0, ds))
            if bias is not None:
                _add_bias(scores, bias, b, h, t, n)
            _shifted_exponentials(scores, some(shifts, b, h, t, n), keys)
            sums = some(totals, b, h, t, n)
            _softmax_backward(cotangents, scores, sums, keys, factor)
            if dscores is not None:
                dscores[b, h, t : t + n] = cotangents[:n, :keys]
                cotangents *= q.dtype.type(scale)
            p, ds = corner(scores, n, keys), corner(cotangents, n, keys)
            dx, ks = tokens(dq, b, h, t, n), tokens(k, b, h, 0, keys)
            multiply(dx, by_rows(ds), by_columns(ks), every_row(nothing, 0, x))
            multiply(dks, by_rows(turned(ds)), by_columns(x), dks)
            multiply(dvs, by_rows(turned(p)), by_columns(d), dvs)


@helper
def _add_bias(p: Array, bias: Array, b: int, h: int, t: int, rows: int) -> None:
    """p += bias, whose row 0 is that of query t of a head."""
    wide()
    for n in range(rows):
        row = bias[b % len(bias), h % bias.shape[1], t + n]
        for s in range(len(row)):
            p[n, s] += row[s]


@helper
def _shifted_exponentials(p: Array, shifts: Array, keys: int) -> None:
    """p[n] = exp(p[n] - shifts[n]), for so many keys; the columns after only pad."""
    wide()
    for n in range(len(shifts)):
        shift = shifts[n]
        for s in range(keys):
            p[n, s] -= shift
    exponentials(p, 0, len(shifts))


@helper(fastmath=ANY_ORDER)
def _softmax_backward(
    dp: Array, p: Array, totals: Array, keys: int, scale: float
) -> None:
    """p[n] = p[n] / totals[n], dp[n] = scale p[n] (dp[n] - sum(dp[n] p[n]))."""
    wide()
    kind = p.dtype.type
    factor = kind(scale)
    for n in range(len(totals)):
        norm, mean = 1 / totals[n], kind(0)
        for s in range(keys):
            p[n, s] *= norm
            mean += dp[n, s] * p[n, s]
        for s in range(keys):
            dp[n, s] = factor * p[n, s] * (dp[n, s] - mean)
