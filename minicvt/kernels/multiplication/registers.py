"""A block of a matrix product that stays in registers while it is added up.

The innermost loop of every fast product: for ROWS rows i and two vectors of columns j
it adds up a_ik b_kj over k, so that two loaded vectors of b and ROWS numbers of a make
2 ROWS vectors of multiply-adds.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from numba.core import cgutils

from minicvt.kernels.instructions import number
from minicvt.kernels.multiplication.vectors import (
    VECTOR,
    emitted,
    smaller,
    unknown,
)
from minicvt.kernels.types import Array

# The sums, two vectors and a number fill the 32 registers of AVX-512, or the 16 of
# older processors; and 12 divides the channels of most models.
ROWS = 12 if VECTOR == 64 else 6
WIDE = 2 * VECTOR  # bytes
FEW = 4
"""Rows of what is left over: with fewer every sum would wait for the one before."""

ZERO = number(0)


def block(c: Array, a: Array, b: Array, start: Array, p: int, q: int) -> None:
    """c = start + a b in ROWS rows and WIDE columns, or as many of them as c has.

    a is in panels of rows, a[p, k, r], and b in panels of columns, b[q, k, t], whose
    last axis is contiguous; so are the rows of c and start, which may be c.
    """
    wide = WIDE // c.itemsize
    i, j = p * ROWS, q * wide
    into = c[i : i + ROWS, j : j + wide]
    rows, columns = into.shape
    sums = a[p, :, :rows].T @ b[q, : a.shape[1], :columns]
    into[...] = start[i : i + ROWS, j : j + wide] + sums


def _emit(builder: Any, c: Any, a: Any, b: Any, start: Any, p: Any, q: Any) -> None:
    """Write all rows, or FEW at a time, so that few are computed in vain.

    Those that are missing are the last one again, read, computed and written, equal
    numbers to the same place.
    """
    left = builder.sub(c.shape[0], builder.mul(p, number(ROWS)))
    enough = builder.icmp_signed(">=", left, number(ROWS))
    with builder.if_else(enough) as (whole, rest):
        with whole:
            rows = [number(r) for r in range(ROWS)]
            _emit_columns(builder, c, a, b, start, p, q, rows)
        with (
            rest,
            cgutils.for_range_slice(builder, ZERO, left, number(FEW), inc=True) as loop,
        ):
            last = builder.sub(left, number(1))
            rows = [builder.add(loop[0], number(r)) for r in range(FEW)]
            rows = [smaller(builder, row, last) for row in rows]
            _emit_columns(builder, c, a, b, start, p, q, rows)


def _emit_columns(builder: Any, c: Any, a: Any, b: Any, start: Any, p: Any, q: Any,
                  rows: list[Any]) -> None:  # fmt: skip
    """Write two vectors of columns, or one and a part, or the part that is left."""
    given = builder, c, a, b, start, p, q, rows
    left = builder.sub(c.shape[1], builder.mul(q, number(2 * c.lanes)))
    further = builder.sub(left, number(c.lanes))
    enough = builder.icmp_signed(">=", further, number(c.lanes))
    with builder.if_else(enough) as (whole, rest):
        with whole:
            _emit_sums(*given, [None, None])
        with rest:
            some = builder.icmp_signed(">", further, ZERO)
            with builder.if_else(some) as (two, one):
                with two:
                    _emit_sums(*given, [None, c.first(further)])
                with one:
                    _emit_sums(*given, [c.first(left)])


def _emit_sums(builder: Any, c: Any, a: Any, b: Any, start: Any, p: Any, q: Any,
               rows: list[Any], masks: list[Any]) -> None:  # fmt: skip
    """Write the sums of these rows, and of as many vectors as there are masks."""
    each = list(product(range(len(rows)), range(len(masks))))
    sums = {at: cgutils.alloca_once(builder, c.kind) for at in each}
    for at in each:
        builder.store(c.zeros, sums[at])
    # Of addresses that it knew LLVM would find each by adding to the one before.
    lefts = [unknown(builder, a.address(p, ZERO, row)) for row in rows]
    right = b.address(q, ZERO, ZERO)
    with cgutils.for_range(builder, a.shape[1]) as loop:
        line = b.address(ZERO, loop.index, ZERO, start=right)
        vectors = [b.load(line, n, mask) for n, mask in enumerate(masks)]
        for r, left in enumerate(lefts):
            factor = a.repeated(a.address(ZERO, loop.index, ZERO, start=left))
            for n, vector in enumerate(vectors):
                term = builder.fmul(factor, vector, flags=("contract",))
                total = builder.load(sums[r, n])
                total = builder.fadd(term, total, flags=("contract",))
                builder.store(total, sums[r, n])
    i, j = builder.mul(p, number(ROWS)), builder.mul(q, number(2 * c.lanes))
    first, into = start.address(i, j), c.address(i, j)
    for r, n in each:
        before = start.load(start.address(rows[r], ZERO, start=first), n, masks[n])
        total = builder.fadd(before, builder.load(sums[r, n]))
        builder.store(total, sums[r, n])
    for r, n in each:  # only now: of a row that is there twice c may be the start
        place = c.address(rows[r], ZERO, start=into)
        c.store(builder.load(sums[r, n]), place, n, masks[n])


emitted(block, _emit)
