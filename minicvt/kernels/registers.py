"""A block of a matrix product that stays in registers, in the language of LLVM.

Numba has no vectors.  This is the innermost loop of `blocks.multiply` and nothing
else: c_ij += a_ik b_kj over k for ROWS rows i and one or two vectors of columns j, so
that two loaded vectors of b and ROWS numbers of a make 2 ROWS vectors of multiply-adds.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

# Bytes of a vector, and rows of a block: the sums, two vectors and a number fill the
# 32 registers of AVX-512, or the 16 of older processors.
VECTOR, ROWS = (64, 14) if binding.get_host_cpu_features().get("avx512f") else (32, 6)

FUSED = ("contract",)


def emitting(vectors: int, whole: bool) -> Any:
    """Return what compiles to a block: (c, a, b, i, j, add), row i and column j of c.

    Of one vector only as many columns are there as c has left.  Not ``whole``: nor are
    all rows; those that are missing are the last one again, read, computed and written,
    equal numbers to the same place.
    """

    def typed(typing: Any, c: Any, a: Any, b: Any, i: Any, j: Any, add: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pairs = zip(signature.args[:3], arguments[:3], strict=True)
            c, a, b = (_Array(context, builder, *pair) for pair in pairs)
            i, j, add = arguments[3:]
            rows = [builder.add(i, _number(row)) for row in range(ROWS)]
            if not whole:
                rows = [_smaller(builder, row, c.shape[0]) for row in rows]
            _emit(builder, c, a, b, rows, j, add, vectors, whole)
            return context.get_dummy_value()

        return types.void(c, a, b, types.intp, types.intp, types.boolean), generate

    return intrinsic(typed)


def _emit(builder: Any, c: Any, a: Any, b: Any, rows: list[Any], j: Any, add: Any,
          vectors: int, whole: bool) -> None:  # fmt: skip
    """Write the block: the sums, the loop over k, the sums back into c."""
    zero, each = _number(0), list(product(range(ROWS), range(vectors)))
    left = builder.sub(c.shape[1], j)
    mask = _first(builder, left, c.lanes) if vectors == 1 else None
    places = [c.address(row, j) for row in rows]
    kind = ir.VectorType(c.element, c.lanes)
    sums = {at: cgutils.alloca_once(builder, kind) for at in each}
    for at in each:
        builder.store(ir.Constant(kind, None), sums[at])
    with builder.if_then(add):
        for row, n in each:
            builder.store(c.load(places[row], n, mask), sums[row, n])
    step = 3 if whole else 1  # x86 adds one or two strides to an address for nothing
    starts = [a.address(row, zero) for row in rows[::step]]
    with cgutils.for_range(builder, a.shape[1]) as loop:
        right = b.row(loop.index, j, vectors, mask)
        for row in range(ROWS):
            further = _number(row % step)
            at = a.address(further, loop.index, start=starts[row // step])
            number = a.repeated(at)
            for n in range(vectors):
                term = builder.fmul(number, right[n], flags=FUSED)
                total = builder.fadd(term, builder.load(sums[row, n]), flags=FUSED)
                builder.store(total, sums[row, n])
    for row, n in each:
        c.store(builder.load(sums[row, n]), places[row], n, mask)


class _Array:
    """An array by its addresses, whatever its strides, and vectors that lie there."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        array = context.make_array(kind)(context, builder, value)
        self.builder, self.element = builder, array.data.type.pointee
        self.shape = cgutils.unpack_tuple(builder, array.shape, kind.ndim)
        self.strides = cgutils.unpack_tuple(builder, array.strides, kind.ndim)
        self.itemsize = context.get_abi_sizeof(self.element)
        self.lanes = VECTOR // self.itemsize
        self.start = builder.bitcast(array.data, ir.IntType(8).as_pointer())

    def address(self, *index: Any, start: Any = None) -> Any:
        """Return where an element is, counted from the first or from ``start``."""
        builder, offset = self.builder, _number(0)
        for one, stride in zip(index, self.strides, strict=True):
            offset = builder.add(offset, builder.mul(one, stride))
        return builder.gep(start or self.start, [offset])

    def row(self, k: Any, j: Any, vectors: int, mask: Any) -> list[Any]:
        """Load the vectors of row k from column j; those of panels are whole."""
        if len(self.shape) == 2:
            at = self.address(k, j)
            return [self.load(at, n, mask) for n in range(vectors)]
        wide = _number(2 * self.lanes)
        builder = self.builder
        at = self.address(builder.udiv(j, wide), k, builder.urem(j, wide))
        return [self.load(at, n, None) for n in range(vectors)]

    def repeated(self, address: Any) -> Any:
        """Return a vector of the one number at an address, again and again."""
        pointer = self.builder.bitcast(address, self.element.as_pointer())
        return _repeated(self.builder, self.builder.load(pointer), self.lanes)

    def load(self, address: Any, n: int, mask: Any) -> Any:
        """Load the nth vector from an address, or what the mask says of it."""
        pointer = self._vector(address, n)
        if mask is None:
            return self.builder.load(pointer, align=self.itemsize)
        kind = ir.VectorType(self.element, self.lanes)
        nothing = ir.Constant(kind, None)
        return self._masked("load", kind, pointer, self._align(), mask, nothing)

    def store(self, value: Any, address: Any, n: int, mask: Any) -> None:
        """Store the nth vector from an address, or what the mask says of it."""
        pointer = self._vector(address, n)
        if mask is None:
            self.builder.store(value, pointer, align=self.itemsize)
        else:
            void = ir.VoidType()
            self._masked("store", void, value, pointer, self._align(), mask)

    def _vector(self, address: Any, n: int) -> Any:
        kind = ir.VectorType(self.element, self.lanes)
        there = self.builder.gep(address, [_number(n * VECTOR)])
        return self.builder.bitcast(there, kind.as_pointer())

    def _align(self) -> Any:
        return ir.Constant(ir.IntType(32), self.itemsize)

    def _masked(self, name: str, kind: Any, *arguments: Any) -> Any:
        suffix = f"v{self.lanes}f{8 * self.itemsize}"
        function = cgutils.get_or_insert_function(
            self.builder.module,
            ir.FunctionType(kind, [x.type for x in arguments]),
            f"llvm.masked.{name}.{suffix}.p0{suffix}",
        )
        return self.builder.call(function, arguments)


def _number(value: int) -> Any:
    return ir.Constant(ir.IntType(64), value)


def _smaller(builder: Any, row: Any, rows: Any) -> Any:
    """Return the row, or the last of ``rows``."""
    last = builder.sub(rows, _number(1))
    return builder.select(builder.icmp_signed("<", row, last), row, last)


def _first(builder: Any, count: Any, lanes: int) -> Any:
    """Return a mask: which of the lanes are among the first ``count``."""
    numbers = ir.Constant(ir.VectorType(count.type, lanes), list(range(lanes)))
    return builder.icmp_signed("<", numbers, _repeated(builder, count, lanes))


def _repeated(builder: Any, number: Any, lanes: int) -> Any:
    nothing = ir.Constant(ir.VectorType(number.type, lanes), ir.Undefined)
    first = builder.insert_element(nothing, number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), None)
    return builder.shuffle_vector(first, nothing, zeros)
