"""Factors of a matrix product in panels, and room for them.

A panel is so many rows of the left factor or columns of the right one, panel[k, t],
t along the panel: what `registers.block` reads, one k after the other.  A factor may be
`seen` so wherever it is, or be packed, when the numbers of each k lie together and the
next k follows.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.imputils import impl_ret_borrowed
from numba.np.arrayobj import populate_array
from numpy.lib.stride_tricks import as_strided

from minicvt.kernels.instructions import instruction
from minicvt.kernels.jit import helper
from minicvt.kernels.memory import zeros
from minicvt.kernels.multiplication.registers import ROWS, WIDE
from minicvt.kernels.multiplication.vectors import VECTOR
from minicvt.kernels.types import Array


@helper
def by_rows(a: Array) -> Array:
    """View a left factor (M, K) as panels of rows, (M / ROWS, K, ROWS)."""
    (rows, depth), (down, along) = a.shape, a.strides
    shape = (rows + ROWS - 1) // ROWS, depth, ROWS
    return strided(a, 0, shape, (ROWS * down, along, down))


@helper
def by_columns(b: Array) -> Array:
    """View a right factor (K, N), its rows contiguous, as panels of columns."""
    depth, columns = b.shape
    wide = WIDE // b.itemsize
    shape = (columns + wide - 1) // wide, depth, wide
    return strided(b, 0, shape, (WIDE, b.strides[0], b.itemsize))


@helper
def every_row(row: Array, first: int, c: Array) -> Array:
    """View the numbers of a row, from the ``first`` on, as every row of c."""
    return strided(row, first * row.itemsize, c.shape, (0, row.itemsize))


@helper
def panels(depth: int, columns: int, wide: int, like: Array) -> Array:
    """Return room to pack (depth, columns) in panels, of zeros, in whole vectors.

    It starts where a line of the cache does, which no vector straddles.
    """
    size = like.itemsize
    lanes = VECTOR // size
    count, deep = (columns + wide - 1) // wide, (depth + lanes - 1) // lanes * lanes
    strides = deep * wide * size, wide * size, size
    shape = count, deep, wide
    return strided(zeros(shape, like), 0, shape, strides)


@helper
def room(rows: int, columns: int, like: Array) -> Array:
    """Return room for a matrix, its rows made longer by what is left of a vector.

    It starts where a line of the cache does, too.
    """
    lanes = VECTOR // like.itemsize
    return zeros((rows, (columns + lanes - 1) // lanes * lanes), like)


def strided(x: Array, start: int, shape: Any, strides: Any) -> Array:
    """View the memory of x, from its byte ``start`` on, as another array.

    To compiled code all of them are of one type, whatever x is: what takes them is
    compiled once.
    """
    some = x.reshape(-1)[start // x.itemsize :] if start else x
    return as_strided(some, shape, strides)


def _type(x: Any, start: Any, shape: Any, strides: Any) -> Any:
    return types.Array(x.dtype, len(shape), "A")


def _emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    array, start, shape, strides = values
    old = context.make_array(signature.args[0])(context, builder, array)
    new = context.make_array(signature.return_type)(context, builder)
    first = builder.bitcast(old.data, ir.IntType(8).as_pointer())
    data = builder.bitcast(builder.gep(first, [start]), new.data.type)
    populate_array(new, data, shape, strides, old.itemsize, old.meminfo)
    return impl_ret_borrowed(context, builder, signature.return_type, new._getvalue())


instruction(strided, _type, _emit)
