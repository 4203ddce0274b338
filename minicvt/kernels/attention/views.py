"""Parts of arrays, as arrays of one type: what takes them is compiled once.

Slices would have a type for each layout of what they are cut out of, and take longer to
compile.
"""

from __future__ import annotations

from minicvt.kernels.jit import helper
from minicvt.kernels.multiplication.panels import strided
from minicvt.kernels.types import Array


@helper
def tokens(x: Array, b: int, h: int, first: int, count: int) -> Array:
    """View x[b, first : first + count, h], some tokens of a head (B, T, h, d)."""
    strides = x.strides
    start = b * strides[0] + first * strides[1] + h * strides[2]
    return strided(x, start, (count, x.shape[3]), (strides[1], strides[3]))


@helper
def corner(x: Array, rows: int, columns: int) -> Array:
    """View x[:rows, :columns]."""
    return strided(x, 0, (rows, columns), x.strides)


@helper
def turned(x: Array) -> Array:
    """View x.T."""
    (rows, columns), (down, along) = x.shape, x.strides
    return strided(x, 0, (columns, rows), (along, down))


@helper
def some(x: Array, b: int, h: int, first: int, count: int) -> Array:
    """View x[b, h, first : first + count], numbers of some queries (B, h, T)."""
    start = b * x.strides[0] + h * x.strides[1] + first * x.itemsize
    return strided(x, start, (count,), (x.itemsize,))
