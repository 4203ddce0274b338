"""Copying a factor of a matrix product into panels, whichever way it lies."""

from __future__ import annotations

from typing import Any

from minicvt.kernels.instructions import number
from minicvt.kernels.jit import helper
from minicvt.kernels.multiplication.vectors import (
    VECTOR,
    emitted,
    lanes,
    repeated,
    smaller,
)
from minicvt.kernels.types import Array


@helper
def pack(packed: Array, x: Array) -> None:
    """packed[n, k, t] = x[k, n wide + t], x with contiguous rows."""
    wide, vector = packed.shape[2], VECTOR // x.itemsize
    for k in range(x.shape[0]):
        for n in range((x.shape[1] + wide - 1) // wide):
            for t in range(0, wide, vector):
                line(packed, x, n, k, t)


@helper
def pack_turned(packed: Array, x: Array, factor: float) -> None:
    """packed[n, k, t] = factor x[n wide + t, k], x with contiguous rows.

    Panels are whole vectors wide.
    """
    wide, vector = packed.shape[2], VECTOR // x.itemsize
    for n in range((x.shape[0] + wide - 1) // wide):
        for t in range(0, wide, vector):
            for k in range(0, x.shape[1], vector):
                square(packed, x, n, k, t, x.dtype.type(factor))


def line(packed: Array, x: Array, n: int, k: int, t: int) -> None:
    """packed[n, k, t:] = x[k, n wide + t:], a vector, or less where either ends."""
    wide = packed.shape[2]
    j = n * wide + t
    some = x[k, j : j + min(VECTOR // x.itemsize, wide - t)]
    packed[n, k, t : t + len(some)] = some


def square(packed: Array, x: Array, n: int, k: int, t: int, factor: float) -> None:
    """packed[n, k:, t:] = factor x[n wide + t:, k:].T, as many vectors as a vector."""
    vector = VECTOR // x.itemsize
    j = n * packed.shape[2] + t
    some = factor * x[j : j + vector, k : k + vector].T
    packed[n, k : k + some.shape[0], t : t + some.shape[1]] = some


def _emit_line(builder: Any, packed: Any, x: Any, n: Any, k: Any, t: Any) -> None:
    wide = packed.shape[2]
    j, room = builder.add(builder.mul(n, wide), t), builder.sub(wide, t)
    there = smaller(builder, builder.sub(x.shape[1], j), room)
    vector = x.load(x.address(k, j), mask=x.first(there))
    packed.store(vector, packed.address(n, k, t), mask=x.first(room))


def _emit_square(builder: Any, packed: Any, x: Any, n: Any, k: Any, t: Any,
                 factor: Any) -> None:  # fmt: skip
    """Write zeros where x ends, and the transposition of the rest.

    Halves of pairs of rows change places, log2 times: the elements with a bit of a row
    that has it not, and those without of the row that has.
    """
    size, left = x.lanes, builder.sub(x.shape[1], k)
    factor, rows = repeated(builder, factor, size), []
    first = builder.add(builder.mul(n, packed.shape[2]), t)
    for row in (builder.add(first, number(r)) for r in range(size)):
        there = builder.icmp_signed("<", row, x.shape[0])
        mask = x.first(builder.select(there, left, number(0)))
        rows.append(builder.fmul(factor, x.load(x.address(row, k), mask=mask)))
    for bit in (2**s for s in range(size.bit_length() - 1)):
        upper = lanes([e + size - bit if e & bit else e for e in range(size)])
        lower = lanes([e + size if e & bit else e + bit for e in range(size)])
        for r in range(size):
            if not r & bit:
                pair = rows[r], rows[r + bit]
                rows[r] = builder.shuffle_vector(*pair, upper)
                rows[r + bit] = builder.shuffle_vector(*pair, lower)
    for e, row in enumerate(rows):
        packed.store(row, packed.address(n, builder.add(k, number(e)), t))


emitted(line, _emit_line)
emitted(square, _emit_square)
