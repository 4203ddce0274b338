"""Matrix products beside compiled kernels: in tiles of our own where BLAS is slower.

BLAS has no place for a bias, which takes a pass of its own; here it is where the sums
begin.  And OpenBLAS is slow where rows are few or sums short.  GFLOPS of x W^T + b
in float32, one thread with AVX-512, whatever packing takes included:

======  =====  =======  ========  =====
rows    sums   columns  OpenBLAS  tiles
======  =====  =======  ========  =====
25,088  64     256      113       172
6,272   192    768      171       202
1,576   384    1536     190       206
197     384    1536     154       187
197     1536   384      151       190
1,024   32     64       86        152
======  =====  =======  ========  =====

A forward pass of CvT-13 takes 0.84 of the time so for one image, 0.92 for eight.  What
is left to BLAS: float64, batches, few multiply-adds, columns that fill no panel, and
the gradients of weights, long sums of few rows, where it is as fast.
"""

from __future__ import annotations

import numpy as np

from minicvt.kernels.jit import frozen, helper, jit_in_place
from minicvt.kernels.multiplication import tiles, vectorized
from minicvt.kernels.multiplication.tiles import FEW, LANES, ROWS, WIDE, few, tile
from minicvt.kernels.multiplication.vectorized import nanoseconds
from minicvt.kernels.types import Array
from minicvt.threads import share

LEAST = 2**20  # multiply-adds: for fewer, Python takes longer than they do
LONGEST = 2048  # sums: what a tile reads stays in the second cache
PANELS = 2**19  # bytes of panels at a time, likewise


def matmul(
    a: Array, b: Array, bias: Array | None = None, out: Array | None = None
) -> Array:
    """y = a b + bias, in tiles or by BLAS."""
    if a.shape[:-2] == b.shape[:-2] == (1,):
        return matmul(a[0], b[0], bias, None if out is None else out[0])[None]
    if not _suits_tiles(a, b, out):
        return vectorized.matmul(a, b, bias, out)
    (rows, depth), columns = a.shape, b.shape[1]
    y = np.empty((rows, columns), a.dtype) if out is None else out
    start = np.zeros(columns, a.dtype) if bias is None else bias
    turned = b.flags.f_contiguous
    given = frozen(a), frozen(b.T if turned else b), turned, frozen(start)

    def some_rows(first: int, last: int) -> None:
        _multiply(y, *given, first * ROWS, min(last * ROWS, rows), 0, columns)

    def some_columns(first: int, last: int) -> None:
        _multiply(y, *given, 0, rows, first * WIDE, last * WIDE)

    if rows > columns:
        share(some_rows, -(-rows // ROWS), nanoseconds(y, depth))
    else:
        share(some_columns, columns // WIDE, nanoseconds(y, depth))
    return y


def _suits_tiles(a: Array, b: Array, out: Array | None) -> bool:
    if not (tiles.SUITED and a.ndim == b.ndim == 2 and a.dtype == b.dtype == "float32"):
        return False
    (rows, depth), columns = a.shape, b.shape[1]
    return (
        rows * depth * columns >= LEAST
        and rows > FEW
        and depth <= LONGEST
        and columns % WIDE == 0
        and a.flags.c_contiguous
        and (b.flags.f_contiguous or b.flags.c_contiguous)
        and (out is None or out.flags.c_contiguous)
    )


@jit_in_place
def _multiply(
    y: Array,
    a: Array,
    b: Array,
    turned: bool,
    bias: Array,
    top: int,
    bottom: int,
    left: int,
    right: int,
) -> None:
    """y = a b + bias in some rows and columns of y; b is transposed where turned."""
    depth = a.shape[1]
    most = max(1, min(PANELS // (WIDE * depth * y.itemsize), (right - left) // WIDE))
    panels = _from_a_line(most * depth * WIDE, y).reshape(most, depth, WIDE)
    for first in range(left, right, most * WIDE):
        count = min(most, (right - first) // WIDE)
        for n in range(count):
            _pack(panels[n], b, turned, first + n * WIDE)
        tiled = top + (bottom - top) // ROWS * ROWS
        for i in range(top, tiled, ROWS):
            for n in range(count):
                tile(y, a, panels[n], bias, i, first + n * WIDE)
        for i in range(tiled, bottom, FEW):
            for n in range(count):
                few(y[:bottom], a, panels[n], bias, i, first + n * WIDE)


@helper
def _from_a_line(size: int, like: Array) -> Array:
    """Return room from the start of a line of the cache, which no vector straddles."""
    room = np.empty(size + LANES, like.dtype)
    first = -(room.ctypes.data // like.itemsize) % LANES
    return room[first : first + size]


@helper
def _pack(panel: Array, b: Array, turned: bool, j: int) -> None:
    """panel[k, t] = b[k, j + t], or b[j + t, k]: whole squares, and what is left."""
    depth = len(panel)
    if not turned:
        for k in range(depth):
            tiles.line(panel, k, b, j)
    else:
        squares = depth // LANES * LANES
        for t in range(0, WIDE, LANES):
            for k in range(0, squares, LANES):
                tiles.transpose(panel, k, t, b, j + t)
        for t in range(WIDE):
            for k in range(squares, depth):
                panel[k, t] = b[j + t, k]
