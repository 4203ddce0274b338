"""Neighbouring numbers in vector registers, where LLVM does not keep them by itself.

LLVM turns an innermost loop over channels into vector instructions, but what such a
loop adds up it reads and writes anew for every summand.  With lanes a kernel says
itself what stays in registers: 16 numbers that follow each other in an array, in as
many registers as that takes on the processor at hand.  `flat` comes first: what it
returns is read and written by plain indices, which nobody checks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, overload, register_model

from minicvt.kernels.types import Array

LANES = 16


def flat(x: Array) -> Array:
    """Return the elements of a C-contiguous array, for the functions below."""
    return x.reshape(-1)


def zeros(x: Array) -> Array:
    """Return lanes of zeros, of x's dtype."""
    return np.zeros(LANES, x.dtype)


def load(x: Array, at: int) -> Array:
    """Return the lanes x[at], x[at + 1], ..."""
    return x[at : at + LANES]


def store(x: Array, at: int, lanes: Array) -> None:
    """Write lanes to x[at], x[at + 1], ..."""
    x[at : at + LANES] = lanes


def add(a: Array, b: Array) -> Array:
    """Return a + b."""
    return a + b


def subtract(a: Array, b: Array) -> Array:
    """Return a - b."""
    return a - b


def multiply_add(a: Array, b: Array, c: Array) -> Array:
    """Return a b + c: one instruction and one rounding where the processor can."""
    return a * b + c


class _Lanes(types.Type):
    def __init__(self, number: Any) -> None:
        self.number = number
        super().__init__(name=f"Lanes({number})")


@register_model(_Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: _Lanes) -> None:
        number = manager.lookup(lanes.number).get_value_type()
        super().__init__(manager, lanes, ir.VectorType(number, LANES))


def _place(builder: Any, x: Any, at: Any) -> dict[str, Any]:
    """Return where lanes begin, and that nothing is known of the address."""
    element = builder.gep(x, [at])
    number = element.type.pointee
    pointer = builder.bitcast(element, ir.VectorType(number, LANES).as_pointer())
    return {"ptr": pointer, "align": 4 if number == ir.FloatType() else 8}


def _flat(typing: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])
        return array(context, builder, arguments[0]).data

    return types.CPointer(x.dtype)(x), generate


def _zeros(typing: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return ir.Constant(context.get_value_type(signature.return_type), None)

    return _Lanes(x.dtype)(x), generate


def _load(typing: Any, x: Any, at: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(**_place(builder, *arguments))

    return _Lanes(x.dtype)(x, types.intp), generate


def _store(typing: Any, x: Any, at: Any, lanes: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], **_place(builder, *arguments[:2]))
        return context.get_dummy_value()

    return types.void(x, types.intp, lanes), generate


def _add(typing: Any, a: Any, b: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fadd(*arguments)

    return a(a, b), generate


def _subtract(typing: Any, a: Any, b: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fsub(*arguments)

    return a(a, b), generate


def _multiply_add(typing: Any, a: Any, b: Any, c: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        product = builder.fmul(*arguments[:2], flags=("contract",))
        return builder.fadd(product, arguments[2], flags=("contract",))

    return a(a, b, c), generate


def _compiled(function: Callable[..., Any], typed: Callable[..., Any]) -> None:
    """Let compiled code run the instruction where Python runs the function."""
    instruction: Any = intrinsic(typed)

    @overload(function)
    def choose(*arguments: Any) -> Any:
        def run(*arguments: Any) -> Any:
            return instruction(*arguments)

        return run


_compiled(flat, _flat)
_compiled(zeros, _zeros)
_compiled(load, _load)
_compiled(store, _store)
_compiled(add, _add)
_compiled(subtract, _subtract)
_compiled(multiply_add, _multiply_add)
