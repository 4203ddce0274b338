"""Arrays and vector registers in the language of LLVM: Numba has no vectors.

The innermost loops in `registers` and `packing` are written in it.  Each is plain
Python as well, which says what its instructions do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils

from minicvt.kernels.instructions import instruction, number

_HOST = binding.get_host_cpu_features()

VECTOR = 64 if _HOST.get("avx512f") else 32
"""Bytes of a vector."""

FUSED = bool(_HOST.get("avx512f") or (_HOST.get("avx2") and _HOST.get("fma")))
"""Whether this processor multiplies and adds such vectors in one instruction."""


def emitted(function: Callable[..., None], emit: Callable[..., None]) -> None:
    """Let ``emit`` write the function, given its arguments as `Vectors` and numbers."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        given = [
            Vectors(context, builder, kind, value) if hasattr(kind, "ndim") else value
            for kind, value in zip(signature.args, values, strict=True)
        ]
        emit(builder, *given)
        return context.get_dummy_value()

    instruction(function, lambda *_: types.void, generate)


class Vectors:
    """An array by its addresses, whatever its strides, and vectors that lie there."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        array = context.make_array(kind)(context, builder, value)
        self.builder, self.element = builder, array.data.type.pointee
        self.shape = cgutils.unpack_tuple(builder, array.shape, kind.ndim)
        self.strides = cgutils.unpack_tuple(builder, array.strides, kind.ndim)
        self.itemsize = context.get_abi_sizeof(self.element)
        self.lanes = VECTOR // self.itemsize
        self.kind = ir.VectorType(self.element, self.lanes)
        self.zeros = ir.Constant(self.kind, None)
        self.start = builder.bitcast(array.data, ir.IntType(8).as_pointer())

    def address(self, *index: Any, start: Any = None) -> Any:
        """Return where an element is, counted from the first or from ``start``."""
        builder, offset = self.builder, number(0)
        for one, stride in zip(index, self.strides, strict=True):
            offset = builder.add(offset, builder.mul(one, stride))
        return builder.gep(start or self.start, [offset])

    def repeated(self, address: Any) -> Any:
        """Return a vector of the one number at an address, again and again."""
        pointer = self.builder.bitcast(address, self.element.as_pointer())
        return repeated(self.builder, self.builder.load(pointer), self.lanes)

    def load(self, address: Any, n: int = 0, mask: Any = None) -> Any:
        """Load the nth vector from an address, or what the mask says of it."""
        pointer = self._vector(address, n)
        if mask is None:
            return self.builder.load(pointer, align=self.itemsize)
        return self._masked("load", self.kind, pointer, self._align(), mask, self.zeros)

    def store(self, value: Any, address: Any, n: int = 0, mask: Any = None) -> None:
        """Store the nth vector from an address, or what the mask says of it."""
        pointer = self._vector(address, n)
        if mask is None:
            self.builder.store(value, pointer, align=self.itemsize)
        else:
            void = ir.VoidType()
            self._masked("store", void, value, pointer, self._align(), mask)

    def first(self, count: Any) -> Any:
        """Return a mask: which lanes of a vector are among the first ``count``."""
        count = self.builder.trunc(count, ir.IntType(32))
        count = repeated(self.builder, count, self.lanes)
        return self.builder.icmp_signed("<", lanes(list(range(self.lanes))), count)

    def _vector(self, address: Any, n: int) -> Any:
        there = self.builder.gep(address, [number(n * VECTOR)])
        return self.builder.bitcast(there, self.kind.as_pointer())

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


def lanes(numbers: list[int]) -> Any:
    """Return a vector of integers: numbers of lanes."""
    return ir.Constant(ir.VectorType(ir.IntType(32), len(numbers)), numbers)


def repeated(builder: Any, value: Any, count: int) -> Any:
    """Return a vector of one number, ``count`` times."""
    nothing = ir.Constant(ir.VectorType(value.type, count), ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, nothing, lanes([0] * count))


def smaller(builder: Any, a: Any, b: Any) -> Any:
    """Return the smaller of two integers."""
    return builder.select(builder.icmp_signed("<", a, b), a, b)


def unknown(builder: Any, pointer: Any) -> Any:
    """Return the pointer, of which LLVM knows nothing from here on."""
    same = ir.FunctionType(pointer.type, [pointer.type])
    return builder.asm(same, "", "=r,0", [pointer], False)
