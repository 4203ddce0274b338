"""Activations in Numba, over functions that LLVM can vectorise.

Own bodies, because the loops compiled as they stand call `exp` and `erfc` of the C
library for one element at a time: they take 10 (SiLU) to 30 (GELU) times as long.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minicvt.kernels.activation import curves
from minicvt.kernels.activation.curves import Curve
from minicvt.kernels.activation.pieces import (
    PIECE,
    backward,
    biased_backward,
    biased_forward,
    forward,
)
from minicvt.kernels.types import Array

NANOSECONDS = 0.3  # an element, about

Kernels = tuple[Callable[..., Array], Callable[..., tuple[Array, Array | None]]]


def _activation(value: Curve, slope: Curve) -> Kernels:
    """Make both kernels of a curve; threads share the elements."""
    fill, biased_fill = forward(value), biased_forward(value)
    fill_back, biased_fill_back = backward(slope), biased_backward(slope)

    def activation(x: Array, bias: Array | None = None) -> Array:
        values = _in_a_row(x, PIECE)
        y = np.empty(values.size, x.dtype)
        work = -(-x.size // PIECE), NANOSECONDS * x.size
        if bias is None:
            fill(*work, values, y)
        else:
            biased_fill(*work, values, _written_out(bias), y, bias.size)
        return _shaped(y, x)

    def activation_backward(
        dy: Array, x: Array, bias: Array | None = None
    ) -> tuple[Array, Array | None]:
        count = -(-x.size // PIECE)
        least = PIECE if bias is None else count * PIECE
        cotangents, values = _in_a_row(dy, least), _in_a_row(x, least)
        dx, dbias = np.empty(values.size, x.dtype), None
        if bias is None:
            fill_back(count, NANOSECONDS * x.size, cotangents, values, dx)
        else:
            sums = np.zeros((-(-count // max(1, bias.size)), bias.size))
            arrays = cotangents, values, _written_out(bias), dx, sums
            biased_fill_back(len(sums), NANOSECONDS * x.size, *arrays)
            dbias = sums.sum(axis=0).astype(x.dtype)
        return _shaped(dx, x), dbias

    return activation, activation_backward


def _written_out(bias: Array) -> Array:
    """Return a bias and a piece more, over and over."""
    return np.resize(bias, bias.size + PIECE)


def _in_a_row(x: Array, least: int) -> Array:
    """Return the elements, read-only, with zeros after them if there are not enough."""
    row = x.ravel()
    if row.size < least:
        row = np.concatenate([row, np.zeros(least - row.size, x.dtype)])
    row.flags.writeable = False
    return row


def _shaped(row: Array, x: Array) -> Array:
    """Return elements in the shape of x, in no more memory than they need."""
    whole = row if row.size == x.size else row[: x.size].copy()
    return whole.reshape(x.shape)


gelu, gelu_backward = _activation(*curves.GELU)
gelu_tanh, gelu_tanh_backward = _activation(*curves.GELU_TANH)
quick_gelu, quick_gelu_backward = _activation(*curves.QUICK_GELU)
silu, silu_backward = _activation(*curves.SILU)
relu, relu_backward = _activation(*curves.RELU)
