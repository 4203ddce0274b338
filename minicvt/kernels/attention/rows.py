"""Softmax in Numba, over rows that lie in the first cache."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from minicvt.kernels.attention import loops
from minicvt.kernels.fastmath import (
    ANY_ORDER,
    EXP,
    FUSED,
    LN2_HIGH,
    LN2_LOW,
    LOG2_E,
    ROUND,
    horner,
)
from minicvt.kernels.intrinsics import bits_to_float, float_to_bits, larger, wide
from minicvt.kernels.jit import helper, jit
from minicvt.kernels.lanes import flat
from minicvt.kernels.types import Array

# Softmax goes over about so many elements at a time, 16 kB of float32: they stay in
# the first cache, and one loop takes the exponential of all of them, since single
# rows of 5 or 50 columns would leave vectors half empty.
BLOCK = 4096

softmax_backward = jit(loops.softmax_backward, fastmath=ANY_ORDER)


@jit
def softmax(x: Array) -> Array:
    """y = softmax(x), a block of rows at a time."""
    wide()
    rows, columns = x.shape
    step = max(1, BLOCK // columns)
    y = np.empty_like(x)
    for first in range(0, rows, step):
        last = min(first + step, rows)
        for n in range(first, last):
            shift = largest(x, n, columns)
            for k in range(columns):
                y[n, k] = x[n, k] - shift
        exponentials(y, first, last)
        for n in range(first, last):
            factor = 1 / total(y, n, columns)
            for k in range(columns):
                y[n, k] *= factor
    return y


@helper
def largest(x: Array, n: int, columns: int) -> float:
    """Return the largest of a row's first columns."""
    wide()
    found = x[n, 0]
    for k in range(columns):
        found = larger(found, x[n, k])
    return found


@helper(fastmath=ANY_ORDER)
def total(x: Array, n: int, columns: int) -> float:
    """Return the sum of a row's first columns."""
    wide()
    found = x.dtype.type(0)
    for k in range(columns):
        found += x[n, k]
    return found


@helper
def exponentials(x: Array, first: int, last: int) -> None:
    """Replace numbers that are not above 0, some rows, by their exponentials."""
    wide()
    numbers, columns = flat(x), x.shape[1]
    for i in range(first * columns, last * columns):
        numbers[i] = exp_down(numbers[i])


def exp_down(x: Any) -> Any:
    """Return e^x for x <= 0: two thirds of the work of `fastmath.exp`."""
    return math.exp(x)


LOWEST = np.float32(math.log(np.finfo(np.float32).tiny) + 0.01)
ZERO = np.float32(0)


@overload(exp_down, jit_options={"fastmath": FUSED})
def _exp_down(x: Any) -> Any:
    """e^x = 2^n e^r as there; 2^n is a normal number, or the result is made 0."""

    def single(x: Any) -> Any:
        shifted = x * LOG2_E + ROUND
        n = shifted - ROUND
        r = x - n * LN2_HIGH - n * LN2_LOW
        exponent = np.int32(float_to_bits(shifted) << np.int32(23))
        y = bits_to_float(np.int32(float_to_bits(horner(EXP, r)) + exponent))
        return ZERO if x < LOWEST else y

    return single if x == types.float32 else exp_down
