"""Activations in Numba, over functions that LLVM can vectorise.

Own bodies, because the loops compiled as they stand call `exp` and `erfc` of the C
library for one element at a time: they take 10 (SiLU) to 30 (GELU) times as long.
Constants are cast, as a Python float would turn float32 arithmetic into float64.
Each body fills the elements of its last argument; threads share them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minicvt.kernels.fastmath import FUSED, normal, sigmoid
from minicvt.kernels.intrinsics import wide
from minicvt.kernels.jit import frozen, helper, jit_in_place
from minicvt.kernels.types import Array
from minicvt.threads import share

# gelu_tanh is x sigma(u), u = LINEAR x + CUBIC x^3.
LINEAR = 2 * math.sqrt(2 / math.pi)
CUBIC = 0.044715 * LINEAR

NANOSECONDS = 0.4  # an element, about


def gelu(x: Array) -> Array:
    """y = x Phi(x)."""
    return _filled(_gelu, x)


def gelu_backward(dy: Array, x: Array) -> Array:
    """dx = dy (Phi(x) + x phi(x))."""
    return _filled(_gelu_backward, dy, x)


def gelu_tanh(x: Array) -> Array:
    """y = x sigma(u)."""
    return _filled(_gelu_tanh, x)


def gelu_tanh_backward(dy: Array, x: Array) -> Array:
    """dx = dy times the derivative of x sigma(u)."""
    return _filled(_gelu_tanh_backward, dy, x)


def quick_gelu(x: Array) -> Array:
    """y = x sigma(1.702 x)."""
    return _filled(_quick_gelu, x)


def quick_gelu_backward(dy: Array, x: Array) -> Array:
    """dx = dy times the derivative of x sigma(1.702 x)."""
    return _filled(_quick_gelu_backward, dy, x)


def silu(x: Array) -> Array:
    """y = x sigma(x)."""
    return _filled(_silu, x)


def silu_backward(dy: Array, x: Array) -> Array:
    """dx = dy times the derivative of x sigma(x)."""
    return _filled(_silu_backward, dy, x)


def _filled(body: Callable[..., None], *inputs: Array) -> Array:
    frozen_inputs = [frozen(x) for x in inputs]
    y = np.empty(inputs[0].shape, inputs[0].dtype)

    def part(first: int, last: int) -> None:
        body(*[x[first:last] for x in frozen_inputs], y[first:last])

    share(part, y.size, NANOSECONDS * y.size, blas=False)
    return y


@helper(fastmath=FUSED)
def _gated_slope(x: Any, u: Any, u_slope: Any) -> Any:
    """Return the derivative of x sigma(u(x)): sigma' = sigma - sigma^2."""
    s = sigmoid(u)
    return s + x * u_slope * (s - s * s)


@jit_in_place
def _gelu(x: Array, y: Array) -> None:
    wide()
    for i in range(x.size):
        y[i] = x[i] * normal(x[i])[0]


@jit_in_place
def _gelu_backward(dy: Array, x: Array, dx: Array) -> None:
    wide()
    for i in range(x.size):
        cdf, density = normal(x[i])
        dx[i] = dy[i] * (cdf + x[i] * density)


@jit_in_place
def _gelu_tanh(x: Array, y: Array) -> None:
    wide()
    linear, cubic = x.dtype.type(LINEAR), x.dtype.type(CUBIC)
    for i in range(x.size):
        y[i] = x[i] * sigmoid(x[i] * (linear + cubic * x[i] * x[i]))


@jit_in_place
def _gelu_tanh_backward(dy: Array, x: Array, dx: Array) -> None:
    wide()
    linear, cubic = x.dtype.type(LINEAR), x.dtype.type(CUBIC)
    triple = x.dtype.type(3 * CUBIC)
    for i in range(x.size):
        u = x[i] * (linear + cubic * x[i] * x[i])
        dx[i] = dy[i] * _gated_slope(x[i], u, linear + triple * x[i] * x[i])


@jit_in_place
def _quick_gelu(x: Array, y: Array) -> None:
    wide()
    slope = x.dtype.type(1.702)
    for i in range(x.size):
        y[i] = x[i] * sigmoid(slope * x[i])


@jit_in_place
def _quick_gelu_backward(dy: Array, x: Array, dx: Array) -> None:
    wide()
    slope = x.dtype.type(1.702)
    for i in range(x.size):
        dx[i] = dy[i] * _gated_slope(x[i], slope * x[i], slope)


@jit_in_place
def _silu(x: Array, y: Array) -> None:
    wide()
    for i in range(x.size):
        y[i] = x[i] * sigmoid(x[i])


@jit_in_place
def _silu_backward(dy: Array, x: Array, dx: Array) -> None:
    wide()
    one = x.dtype.type(1)
    for i in range(x.size):
        dx[i] = dy[i] * _gated_slope(x[i], x[i], one)
