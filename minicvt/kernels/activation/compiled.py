"""Activations in Numba, over functions that LLVM can vectorise.

Own bodies, because the loops compiled as they stand call `exp` and `erfc` of the C
library for one element at a time: they take 10 (SiLU) to 30 (GELU) times as long.
Constants are cast, as a Python float would turn float32 arithmetic into float64.
"""

from __future__ import annotations

import math

import numpy as np

from minicvt.kernels.fastmath import FUSED, normal_cdf, normal_pdf, sigmoid
from minicvt.kernels.jit import helper, jit
from minicvt.kernels.types import Array

# gelu_tanh is x sigma(u), u = LINEAR x + CUBIC x^3.
LINEAR = 2 * math.sqrt(2 / math.pi)
CUBIC = 0.044715 * LINEAR


@helper(fastmath=FUSED)
def _gated_slope(x: float, u: float, u_slope: float) -> float:
    """Return the derivative of x sigma(u(x)): sigma' = sigma - sigma^2."""
    s = sigmoid(u)
    return s + x * u_slope * (s - s * s)


@jit
def gelu(x: Array) -> Array:
    """y = x Phi(x)."""
    y = np.empty_like(x)
    for i in range(x.size):
        y[i] = x[i] * normal_cdf(x[i])
    return y


@jit
def gelu_backward(dy: Array, x: Array) -> Array:
    """dx = dy (Phi(x) + x phi(x))."""
    dx = np.empty_like(x)
    for i in range(x.size):
        dx[i] = dy[i] * (normal_cdf(x[i]) + x[i] * normal_pdf(x[i]))
    return dx


@jit
def gelu_tanh(x: Array) -> Array:
    """y = x sigma(u)."""
    linear, cubic = x.dtype.type(LINEAR), x.dtype.type(CUBIC)
    y = np.empty_like(x)
    for i in range(x.size):
        y[i] = x[i] * sigmoid(x[i] * (linear + cubic * x[i] * x[i]))
    return y


@jit
def gelu_tanh_backward(dy: Array, x: Array) -> Array:
    """dx = dy times the derivative of x sigma(u)."""
    linear, cubic = x.dtype.type(LINEAR), x.dtype.type(CUBIC)
    triple = x.dtype.type(3 * CUBIC)
    dx = np.empty_like(x)
    for i in range(x.size):
        u = x[i] * (linear + cubic * x[i] * x[i])
        dx[i] = dy[i] * _gated_slope(x[i], u, linear + triple * x[i] * x[i])
    return dx


@jit
def quick_gelu(x: Array) -> Array:
    """y = x sigma(1.702 x)."""
    slope = x.dtype.type(1.702)
    y = np.empty_like(x)
    for i in range(x.size):
        y[i] = x[i] * sigmoid(slope * x[i])
    return y


@jit
def quick_gelu_backward(dy: Array, x: Array) -> Array:
    """dx = dy times the derivative of x sigma(1.702 x)."""
    slope = x.dtype.type(1.702)
    dx = np.empty_like(x)
    for i in range(x.size):
        dx[i] = dy[i] * _gated_slope(x[i], slope * x[i], slope)
    return dx


@jit
def silu(x: Array) -> Array:
    """y = x sigma(x)."""
    y = np.empty_like(x)
    for i in range(x.size):
        y[i] = x[i] * sigmoid(x[i])
    return y


@jit
def silu_backward(dy: Array, x: Array) -> Array:
    """dx = dy times the derivative of x sigma(x)."""
    one = x.dtype.type(1)
    dx = np.empty_like(x)
    for i in range(x.size):
        dx[i] = dy[i] * _gated_slope(x[i], x[i], one)
    return dx
