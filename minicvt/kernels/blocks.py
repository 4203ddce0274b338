"""Products of small matrices inside compiled kernels: the one GEMM written by hand.

A product that is made and used up in a cache is no work for BLAS, which packs its
factors anew at every call: with the 64 columns of a head OpenBLAS does 110 to 165
GFLOPS, this 200.  A block of the result stays in registers while it is added up
(`registers`); the loops around it are these.  Without Numba there is NumPy's `@`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import overload

from minicvt.kernels.jit import helper
from minicvt.kernels.registers import ROWS, VECTOR, emitting
from minicvt.kernels.types import Array


@helper
def multiply(c: Array, a: Array, b: Array, add: bool) -> None:
    """c = a b, or c += a b; b has contiguous rows, or is packed."""
    lanes = VECTOR // c.itemsize
    whole = c.shape[1] // (2 * lanes) * 2 * lanes
    for i in range(0, c.shape[0], ROWS):
        for j in range(0, whole, 2 * lanes):
            block(c, a, b, i, j, add)
        for j in range(whole, c.shape[1], lanes):
            edge(c, a, b, i, j, add)


def block(c: Array, a: Array, b: Array, i: int, j: int, add: bool) -> None:
    """Put ROWS rows from row i, or what is left, of c = a b: two vectors from j."""
    _block(c, a, b, i, j, add, 2 * VECTOR // c.itemsize)


def edge(c: Array, a: Array, b: Array, i: int, j: int, add: bool) -> None:
    """Put as `block` does one vector of columns, or what is left of them."""
    _block(c, a, b, i, j, add, VECTOR // c.itemsize)


def _block(c: Array, a: Array, b: Array, i: int, j: int, add: bool, n: int) -> None:
    into = c[i : i + ROWS, j : j + n]
    if b.ndim == 3:
        panel, first = divmod(j, b.shape[2])
        right = b[panel, : a.shape[1], first : first + into.shape[1]]
    else:
        right = b[:, j : j + n]
    product = a[i : i + ROWS] @ right
    into[...] = into + product if add else product


def _compiled(function: Any, vectors: int) -> None:
    whole, rest = emitting(vectors, True), emitting(vectors, False)

    @overload(function, inline="always")
    def choose(c: Any, a: Any, b: Any, i: Any, j: Any, add: Any) -> Any:
        def run(c: Any, a: Any, b: Any, i: Any, j: Any, add: Any) -> None:
            if i + ROWS <= c.shape[0]:
                whole(c, a, b, i, j, add)
            else:
                rest(c, a, b, i, j, add)

        return run


_compiled(block, 2)
_compiled(edge, 1)


@helper
def panels(depth: int, columns: int, like: Array) -> Array:
    """Return room to `pack` a matrix (depth, columns), zero where it has no column."""
    wide = 2 * VECTOR // like.itemsize
    count = -(-columns // wide)
    return _zeros(count * depth * wide, like).reshape(count, depth, wide)


@helper
def pack(packed: Array, x: Array, factor: float) -> None:
    """packed[j // wide, k, j % wide] = factor x[k, j], so that rows are contiguous.

    ``wide`` columns are a panel, which lies together, whatever way x does.
    """
    wide = packed.shape[2]
    scale = x.dtype.type(factor)
    for panel in range(len(packed)):
        first = panel * wide
        last = min(first + wide, x.shape[1])
        for k in range(x.shape[0]):
            for j in range(first, last):
                packed[panel, k, j - first] = scale * x[k, j]


@helper
def room(rows: int, columns: int, like: Array) -> Array:
    """Return room for a product, its rows made longer by what is left of a vector."""
    lanes = VECTOR // like.itemsize
    longer = -(-columns // lanes) * lanes
    return _zeros(rows * longer, like).reshape(rows, longer)


@helper
def _zeros(size: int, like: Array) -> Array:
    """Return zeros from the start of a line of the cache, which no vector straddles."""
    lanes = VECTOR // like.itemsize
    longer = np.zeros(size + lanes, like.dtype)
    first = -(longer.ctypes.data // like.itemsize) % lanes
    return longer[first : first + size]
