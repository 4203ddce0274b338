"""Activations in Numba, over functions that LLVM can vectorise.

Own bodies, because the loops compiled as they stand call `exp` and `erfc` of the C
library for one element at a time: they take 10 (SiLU) to 30 (GELU) times as long.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minicvt.kernels.activation import curves
from minicvt.kernels.activation.curves import Curve
from minicvt.kernels.activation.pieces import PIECE, backward, forward
from minicvt.kernels.jit import frozen
from minicvt.kernels.types import Array

NANOSECONDS = 0.3  # an element, about


Kernels = tuple[Callable[..., Array], Callable[..., tuple[Array, Array | None]]]


def _activation(value: Curve, slope: Curve) -> Kernels:
    """Make both kernels of a curve; threads share the elements."""
    fill, fill_back = forward(value), backward(slope)

    def activation(x: Array, bias: Array | None = None) -> Array:
        added, channels = _written_out(bias, x)
        y = np.empty(x.shape, x.dtype)
        arrays = _flat(x), added, y.reshape(-1), channels
        fill(-(-y.size // PIECE), NANOSECONDS * y.size, *arrays)
        return y

    def activation_backward(
        dy: Array, x: Array, bias: Array | None = None
    ) -> tuple[Array, Array | None]:
        added, channels = _written_out(bias, x)
        dx, chunk = np.empty(x.shape, x.dtype), PIECE * max(1, channels)
        sums = np.zeros((-(-x.size // chunk), channels))
        arrays = _flat(dy), _flat(x), added, dx.reshape(-1), sums
        fill_back(len(sums), NANOSECONDS * x.size, *arrays)
        return dx, None if bias is None else sums.sum(axis=0).astype(x.dtype)

    return activation, activation_backward


def _written_out(bias: Array | None, x: Array) -> tuple[Array, int]:
    """Return a bias a piece longer, zeros if there is none, and its own length."""
    bias = np.zeros(PIECE, x.dtype) if bias is None else bias
    return np.resize(bias, bias.size + PIECE), bias.size


def _flat(x: Array) -> Array:
    return frozen(x).reshape(-1)


gelu, gelu_backward = _activation(*curves.GELU)
gelu_tanh, gelu_tanh_backward = _activation(*curves.GELU_TANH)
quick_gelu, quick_gelu_backward = _activation(*curves.QUICK_GELU)
silu, silu_backward = _activation(*curves.SILU)
relu, relu_backward = _activation(*curves.RELU)
