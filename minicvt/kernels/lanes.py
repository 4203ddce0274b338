"""Neighbouring numbers in vector registers, where LLVM does not keep them by itself.

LLVM turns an innermost loop over channels into vector instructions, but what such a
loop adds up it reads and writes anew for every summand.  With lanes a kernel says
itself what stays in registers: 16 numbers that follow each other in an array, in as
many registers as that takes on the processor at hand.  `flat` comes first: what it
returns is read and written by plain indices, which nobody checks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import models, register_model

from minicvt.kernels.instructions import instruction
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


def _flat(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array = context.make_array(signature.args[0])
    return array(context, builder, arguments[0]).data


def _zeros(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return ir.Constant(context.get_value_type(signature.return_type), None)


def _load(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.load(**_place(builder, *arguments))


def _store(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    builder.store(arguments[2], **_place(builder, *arguments[:2]))
    return context.get_dummy_value()


def _add(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.fadd(*arguments)


def _subtract(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.fsub(*arguments)


def _multiply_add(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    product = builder.fmul(*arguments[:2], flags=("contract",))
    return builder.fadd(product, arguments[2], flags=("contract",))


instruction(flat, lambda x: types.CPointer(x.dtype), _flat)
instruction(zeros, lambda x: _Lanes(x.dtype), _zeros)
instruction(load, lambda x, at: _Lanes(x.dtype), _load)
instruction(store, lambda x, at, lanes: types.void, _store)
instruction(add, lambda a, b: a, _add)
instruction(subtract, lambda a, b: a, _subtract)
instruction(multiply_add, lambda a, b, c: a, _multiply_add)
