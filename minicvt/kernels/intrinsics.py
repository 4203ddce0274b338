"""Instructions of LLVM that Numba has no name for.

Each is plain Python as well, which says what it does: `prefetch` and `wide`, which are
about speed only, do nothing there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from minicvt.kernels.instructions import instruction
from minicvt.kernels.types import Array


def float_to_bits(x: Any) -> Any:
    """Return the bits of a float32 as an int32."""
    return x.view(np.int32)


def bits_to_float(x: Any) -> Any:
    """Return the float32 that has the bits of an int32."""
    return x.view(np.float32)


def fma(a: Any, b: Any, c: Any) -> Any:
    """Return a b + c with one rounding, on any machine; in Python of float32 only."""
    return np.float32(np.float64(a) * np.float64(b) + np.float64(c))


def larger(a: Any, b: Any) -> Any:
    """Return the larger of two floats; which one, if either is NaN, is left open.

    That leave lets LLVM find the largest of many in vector registers: Python's `max`,
    which must mind the order of its arguments, takes 6 times as long.
    """
    return max(a, b)


def prefetch(x: Array, at: int) -> None:
    """Ask for the line of the cache that holds x[at], which may lie beyond the end.

    The processor fetches ahead by itself, but not enough where a loop computes long on
    what it reads.
    """


def wide() -> None:
    """Make the loops of the function that calls this as wide as the processor can.

    LLVM holds back the 512 bits of AVX-512, as early processors with it lowered their
    clock.  Loops that compute much for what they read take up to a third less time.
    """


def _cast(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    return builder.bitcast(values[0], context.get_value_type(signature.return_type))


def _built_in(name: str, flags: tuple[str, ...] = ()) -> Any:
    """Return what generates a call of an LLVM function of floats of one type."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = values[0].type
        function_type = ir.FunctionType(kind, [kind] * len(values))
        function = builder.module.declare_intrinsic(name, [kind], function_type)
        return builder.call(function, values, fastmath=flags)

    return generate


def _prefetch(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    element = builder.gep(values[0], [values[1]])
    line = builder.bitcast(element, ir.IntType(8).as_pointer())
    number = ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [line.type, number, number, number])
    call = builder.module.declare_intrinsic("llvm.prefetch", [line.type], kind)
    to_read, first_cache, data = 0, 3, 1
    builder.call(call, [line, number(to_read), number(first_cache), number(data)])
    return context.get_dummy_value()


def _512_bits(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    # llvmlite's own `add` refuses attributes that have a value.
    set.add(builder.function.attributes, '"prefer-vector-width"="512"')
    return context.get_dummy_value()


instruction(float_to_bits, lambda x: types.int32, _cast)
instruction(bits_to_float, lambda x: types.float32, _cast)
instruction(fma, lambda a, b, c: a, _built_in("llvm.fma"))
instruction(larger, lambda a, b: a, _built_in("llvm.maxnum", ("nnan", "nsz")))
instruction(prefetch, lambda x, at: types.void, _prefetch)
instruction(wide, lambda: types.void, _512_bits)
