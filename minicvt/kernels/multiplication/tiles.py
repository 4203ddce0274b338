"""A tile of a matrix product, sums that stay in registers; for compiled code only.

The innermost loop of every fast product adds a_ik b_kj to a block of y_ij that is as
large as the registers allow: for two loaded vectors of b and ROWS numbers of a there
are 2 ROWS multiply-adds.  Numba has no vectors, so that loop is LLVM's language here;
the loops around it are Python.

b comes in panels of WIDE columns, whose vectors follow each other in memory, whatever
way it lay before.  Each function is plain Python, which says what its instructions do.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import lower_builtin, type_callable

from minicvt.kernels.types import Array

_HOST = binding.get_host_cpu_features()

SUITED = _HOST.get("avx512f", False) or (_HOST.get("avx2", 0) and _HOST.get("fma", 0))
"""Whether this processor has multiply-adds of vectors that tiles are made for."""

# Floats in a vector, and rows of a tile: sums, two vectors and a number fill the 32
# registers of AVX-512, or the 16 of AVX2.
LANES, ROWS = (16, 14) if _HOST.get("avx512f") else (8, 6)
WIDE = 2 * LANES
FEW = 4
"""Rows of what is left over: with fewer every sum would wait for the one before."""


def tile(y: Array, a: Array, panel: Array, bias: Array, i: int, j: int) -> None:
    """y[i:, j:] = a[i:] panel + bias[j:], for ROWS rows and WIDE columns."""
    _tile(y, a, panel, bias, i, j, ROWS)


def few(y: Array, a: Array, panel: Array, bias: Array, i: int, j: int) -> None:
    """As `tile`, for FEW rows or as many as there are."""
    _tile(y, a, panel, bias, i, j, FEW)


def _tile(
    y: Array, a: Array, panel: Array, bias: Array, i: int, j: int, n: int
) -> None:
    y[i : i + n, j : j + WIDE] = a[i : i + n] @ panel + bias[j : j + WIDE]


def transpose(panel: Array, k: int, t: int, b: Array, j: int) -> None:
    """panel[k + e, t + r] = b[j + r, k + e] for e and r up to LANES."""
    panel[k : k + LANES, t : t + LANES] = b[j : j + LANES, k : k + LANES].T


def line(panel: Array, k: int, b: Array, j: int) -> None:
    """panel[k] = b[k, j:], WIDE columns."""
    panel[k] = b[k, j : j + WIDE]


_FLOAT, _INDEX = ir.FloatType(), ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, LANES)


def _int(value: int) -> Any:
    return ir.Constant(_INDEX, value)


def _lanes(numbers: list[int]) -> Any:
    return ir.Constant(ir.VectorType(ir.IntType(32), len(numbers)), numbers)


class _Matrix:
    """A C-contiguous array of floats: its elements by their indices."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        array = context.make_array(kind)(context, builder, value)
        self.builder, self.data = builder, array.data
        self.shape = cgutils.unpack_tuple(builder, array.shape, kind.ndim)

    def at(self, *index: Any) -> Any:
        """Return the address of an element; of a matrix, or of a row."""
        pointer = self.data
        if len(index) == 2:
            offset = self.builder.mul(index[0], self.shape[1])
            pointer = self.builder.gep(pointer, [offset])
        return self.builder.gep(pointer, [index[-1]])

    def vector(self, *index: Any) -> Any:
        """Return the address of the vector that begins with an element."""
        return self.builder.bitcast(self.at(*index), _VECTOR.as_pointer())

    def load(self, *index: Any) -> Any:
        return self.builder.load(self.vector(*index), align=4)

    def store(self, vector: Any, *index: Any) -> None:
        self.builder.store(vector, self.vector(*index), align=4)

    def everywhere(self, *index: Any) -> Any:
        """Return a vector of one element, again and again."""
        number = self.builder.load(self.at(*index))
        nothing = ir.Constant(_VECTOR, ir.Undefined)
        first = self.builder.insert_element(nothing, number, ir.Constant(_INDEX, 0))
        return self.builder.shuffle_vector(first, nothing, _lanes([0] * LANES))


def _emit_tile(builder: Any, y: Any, a: Any, panel: Any, bias: Any, i: Any, j: Any,
               count: int) -> None:  # fmt: skip
    """Write the tile: biases into registers, the loop over k, sums into y.

    Rows that y has not are its last one again: the same numbers to the same place.
    """
    rows = [builder.add(i, _int(row)) for row in range(count)]
    if count < ROWS:
        last = builder.sub(y.shape[0], _int(1))
        rows = [
            builder.select(builder.icmp_signed("<", row, last), row, last)
            for row in rows
        ]
    columns = [builder.add(j, _int(n)) for n in (0, LANES)]
    sums = [[cgutils.alloca_once(builder, _VECTOR) for _ in columns] for _ in rows]
    for row in sums:
        for total, column in zip(row, columns, strict=True):
            builder.store(bias.load(column), total)
    with cgutils.for_range(builder, a.shape[1]) as loop:
        right = [panel.load(loop.index, _int(n)) for n in (0, LANES)]
        for index, row in zip(rows, sums, strict=True):
            left = a.everywhere(index, loop.index)
            for total, vector in zip(row, right, strict=True):
                product = builder.fmul(left, vector, flags=("contract",))
                added = builder.fadd(product, builder.load(total), flags=("contract",))
                builder.store(added, total)
    for index, row in zip(rows, sums, strict=True):
        for total, column in zip(row, columns, strict=True):
            y.store(builder.load(total), index, column)


def _emit_transpose(builder: Any, panel: Any, k: Any, t: Any, b: Any, j: Any) -> None:
    """Write the transposition: halves of pairs of rows change places, log2 times.

    In step s the elements with bit s of a row that has it not, and those without of
    the row that has.
    """
    rows = [b.load(builder.add(j, _int(r)), k) for r in range(LANES)]
    for bit in (1, 2, 4, 8)[: LANES.bit_length() - 1]:
        upper = [e + LANES - bit if e & bit else e for e in range(LANES)]
        lower = [e + LANES if e & bit else e + bit for e in range(LANES)]
        for r in range(LANES):
            if not r & bit:
                pair = rows[r], rows[r + bit]
                rows[r] = builder.shuffle_vector(*pair, _lanes(upper))
                rows[r + bit] = builder.shuffle_vector(*pair, _lanes(lower))
    for e, row in enumerate(rows):
        panel.store(row, builder.add(k, _int(e)), t)


def _emit_line(builder: Any, panel: Any, k: Any, b: Any, j: Any) -> None:
    for n in (0, LANES):
        panel.store(b.load(k, builder.add(j, _int(n))), k, _int(n))


def _compile(function: Any, emit: Any, *constants: int) -> None:
    """Let ``emit`` write the function, given its arguments as matrices and numbers."""

    @type_callable(function)
    def typing(context: Any) -> Any:
        return wraps(function)(lambda *arguments: types.void)

    @lower_builtin(function, types.VarArg(types.Any))
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        given = [
            _Matrix(context, builder, kind, value) if hasattr(kind, "ndim") else value
            for kind, value in zip(signature.args, values, strict=True)
        ]
        emit(builder, *given, *constants)
        return context.get_dummy_value()


_compile(tile, _emit_tile, ROWS)
_compile(few, _emit_tile, FEW)
_compile(transpose, _emit_transpose)
_compile(line, _emit_line)
