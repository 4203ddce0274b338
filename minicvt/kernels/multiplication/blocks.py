"""The loops around blocks of a matrix product: the one GEMM written by hand.

`multiply` is for what is in a cache already, inside other kernels: a product that is
made and used up there is no work for BLAS, which packs its factors anew at every call.
`product` is for matrices of any size: in parts, which fit the caches, packed.
"""

from __future__ import annotations

from minicvt.kernels.jit import helper
from minicvt.kernels.multiplication.packing import pack, pack_turned
from minicvt.kernels.multiplication.panels import (
    by_columns,
    by_rows,
    every_row,
    panels,
)
from minicvt.kernels.multiplication.registers import ROWS, WIDE, block
from minicvt.kernels.team import shared
from minicvt.kernels.types import Array

# Terms that are added up at a time: of longer sums the parts are, which is more exact
# than one by one, and a part of a panel stays in the first cache.
TERMS = 384
PANELS = 2**19  # bytes of packed columns at a time: they stay in the second cache
PAYS = 96  # times that a packed number must be used


@helper
def multiply(c: Array, a: Array, b: Array, start: Array) -> None:
    """c = start + a b, the factors in panels; start may be c."""
    wide = WIDE // c.itemsize
    for p in range((c.shape[0] + ROWS - 1) // ROWS):
        for q in range((c.shape[1] + wide - 1) // wide):
            block(c, a, b, start, p, q)


@shared
def product(
    y: Array,
    a: Array,
    a_turned: bool,
    b: Array,
    b_turned: bool,
    bias: Array,
    along: int,
    first: int,
    last: int,
) -> None:
    """y = a b + bias, in some strips of rows (``along`` 0) or columns of y.

    Of what is turned a or b is the transpose.  Every number of y is added up in the
    same order, whichever the strips are.
    """
    a = a.T if a_turned else a
    wide, (rows, columns), depth = WIDE // y.itemsize, y.shape, a.shape[1]
    top, bottom, left, right = 0, rows, 0, columns
    if along == 0:
        top, bottom = first * ROWS, min(last * ROWS, rows)
    else:
        left, right = first * wide, min(last * wide, columns)
    rows, columns = bottom - top, right - left
    parts = (depth + TERMS - 1) // TERMS
    deep = (depth + parts - 1) // parts
    pays = min(rows, columns) > PAYS
    pack_a, pack_b = a_turned and pays, b_turned or rows > PAYS
    most = max(1, PANELS // (deep * WIDE)) * wide if pack_b else columns
    a_room = panels(deep, rows if pack_a else 0, ROWS, y)
    b_room = panels(deep, min(most, columns) if pack_b else 0, wide, y)
    for k in range(0, depth, deep):
        end = min(k + deep, depth)
        a_part = a[top:bottom, k:end]
        a_panels = a_room[:, : end - k] if pack_a else by_rows(a_part)
        if pack_a:
            pack(a_room, a_part.T)
        for n in range(left, right, most):
            to = min(n + most, right)
            b_part = b[n:to, k:end] if b_turned else b[k:end, n:to]
            b_panels = b_room if pack_b else by_columns(b_part)
            if b_turned:
                pack_turned(b_room, b_part, 1.0)
            elif pack_b:
                pack(b_room, b_part)
            c = y[top:bottom, n:to]
            multiply(c, a_panels, b_panels, c if k else every_row(bias, n, c))
