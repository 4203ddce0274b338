"""Arrays that compiled code makes for itself, in a few instructions.

`np.zeros` and `np.empty` are functions of Numba's that are compiled anew for each
dtype and number of axes, 50 to 150 ms each time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_new_ref
from numba.np.arrayobj import populate_array

from minicvt.kernels.instructions import instruction
from minicvt.kernels.types import Array

LINE = 64
"""Bytes of a line of the cache: where one starts, arrays start."""


def empty(shape: tuple[int, ...], like: Array) -> Array:
    """Return an array of the dtype of another, whatever is in its memory."""
    return np.empty(shape, like.dtype)


def zeros(shape: tuple[int, ...], like: Array) -> Array:
    """Return an array of zeros, of the dtype of another."""
    return np.zeros(shape, like.dtype)


def _type(shape: Any, like: Any) -> Any:
    return types.Array(like.dtype, len(shape), "C")


def _allocate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    """Return a new array, and how many bytes it has."""
    made = signature.return_type
    new = context.make_array(made)(context, builder)
    number = context.get_value_type(types.intp)
    size = ir.Constant(number, context.get_abi_sizeof(new.data.type.pointee))
    strides: list[Any] = []
    step = size
    shape = cgutils.unpack_tuple(builder, values[0], made.ndim)
    for length in reversed(shape):
        strides.insert(0, step)
        step = builder.mul(step, length)
    memory = context.nrt.meminfo_alloc_aligned(builder, step, LINE)
    data = context.nrt.meminfo_data(builder, memory)
    populate_array(
        new,
        data=builder.bitcast(data, new.data.type),
        shape=cgutils.pack_array(builder, shape, number),
        strides=cgutils.pack_array(builder, strides, number),
        itemsize=size,
        meminfo=memory,
    )
    return new, step


def _empty(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    new, _ = _allocate(context, builder, signature, values)
    return impl_ret_new_ref(context, builder, signature.return_type, new._getvalue())


def _zeros(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    new, size = _allocate(context, builder, signature, values)
    cgutils.memset(builder, new.data, size, 0)
    return impl_ret_new_ref(context, builder, signature.return_type, new._getvalue())


instruction(empty, _type, _empty)
instruction(zeros, _type, _zeros)
