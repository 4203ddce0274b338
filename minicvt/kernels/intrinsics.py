"""Instructions of LLVM that Numba has no name for; for compiled code only."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload


def _bit_cast(source: Any, target: Any) -> Any:
    """Return a function that reads the bits of a number of one type as another."""

    @intrinsic
    def cast(typing: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(target))

        return target(source), generate

    return cast


def _built_in(name: str, flags: tuple[str, ...] = ()) -> Any:
    """Return what generates a call of an LLVM function of floats of one type."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        function_type = ir.FunctionType(kind, [kind] * len(arguments))
        function = builder.module.declare_intrinsic(name, [kind], function_type)
        return builder.call(function, arguments, fastmath=flags)

    return generate


def _larger(typing: Any, a: Any, b: Any) -> Any:
    return a(a, a), _built_in("llvm.maxnum", ("nnan", "nsz"))


def _fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    return a(a, a, a), _built_in("llvm.fma")


float_to_bits = _bit_cast(types.float32, types.int32)
bits_to_float = _bit_cast(types.int32, types.float32)

_maxnum: Any = intrinsic(_larger)


def larger(a: Any, b: Any) -> Any:
    """Return the larger of two floats; which one, if either is NaN, is left open.

    That leave lets LLVM find the largest of many in vector registers: Python's `max`,
    which must mind the order of its arguments, takes 6 times as long.
    """
    return max(a, b)


@overload(larger)
def _compiled_larger(a: Any, b: Any) -> Any:
    def largest(a: Any, b: Any) -> Any:
        return _maxnum(a, b)

    return largest


# a * b + c with one rounding, on any machine.
fma: Any = intrinsic(_fma)


def prefetch(x: Any, at: int) -> None:
    """Ask for the line of the cache that holds x[at], which may lie beyond the end.

    The processor fetches ahead by itself, but not enough where a loop computes long on
    what it reads.
    """


def _prefetch(typing: Any, x: Any, at: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        element = builder.gep(arguments[0], [arguments[1]])
        line = builder.bitcast(element, ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [line.type, number, number, number])
        call = builder.module.declare_intrinsic("llvm.prefetch", [line.type], kind)
        to_read, first_cache, data = 0, 3, 1
        builder.call(call, [line, number(to_read), number(first_cache), number(data)])
        return context.get_dummy_value()

    return types.void(x, types.intp), generate


_fetch: Any = intrinsic(_prefetch)


@overload(prefetch)
def _compiled_prefetch(x: Any, at: Any) -> Any:
    def fetch(x: Any, at: Any) -> None:
        _fetch(x, at)

    return fetch


def wide() -> None:
    """Make the loops of the function that calls this as wide as the processor can.

    LLVM holds back the 512 bits of AVX-512, as early processors with it lowered their
    clock.  Loops that compute much for what they read take up to a third less time.
    """


def _512_bits(typing: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        # llvmlite's own `add` refuses attributes that have a value.
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), generate


_prefer_512_bits: Any = intrinsic(_512_bits)


@overload(wide, inline="always")
def _compiled_wide() -> Any:
    def prefer() -> None:
        _prefer_512_bits()

    return prefer
