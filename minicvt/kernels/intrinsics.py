"""Instructions of LLVM that Numba has no name for; for compiled code only."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _bit_cast(source: Any, target: Any) -> Any:
    """Return a function that reads the bits of a number of one type as another."""

    @intrinsic
    def cast(typing: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(target))

        return target(source), generate

    return cast


float_to_bits = _bit_cast(types.float32, types.int32)
bits_to_float = _bit_cast(types.int32, types.float32)


def _larger(typing: Any, a: Any, b: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        maximum = builder.module.declare_intrinsic(
            "llvm.maxnum", [kind], ir.FunctionType(kind, [kind, kind])
        )
        return builder.call(maximum, arguments, fastmath=("nnan", "nsz"))

    return a(a, b), generate


# The larger of two floats; which one, if either is NaN, is left open.  That leave lets
# LLVM find the largest of many in vector registers: Python's `max`, which must mind
# the order of its arguments, takes 6 times as long.
larger: Any = intrinsic(_larger)
