"""Activations with SciPy: `ndtr` is the normal cdf Phi, `expit` the logistic sigma."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import expit, ndtr

from minicvt.kernels.types import Array


def gelu(x: Array) -> Array:
    """y = x Phi(x)."""
    return x * ndtr(x)


def gelu_backward(dy: Array, x: Array) -> Array:
    """dx = dy (Phi(x) + x phi(x)), phi the density of the normal distribution."""
    pdf = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return dy * (ndtr(x) + x * pdf)


def gelu_tanh(x: Array) -> Array:
    """y = x sigma(2 u(x))."""
    return x * expit(2 * _u(x))


def gelu_tanh_backward(dy: Array, x: Array) -> Array:
    """dx = dy (s + 2 x u' s (1 - s)), s = sigma(2 u(x))."""
    slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
    return _gated_backward(dy, x, 2 * _u(x), 2 * slope)


def quick_gelu(x: Array) -> Array:
    """y = x sigma(1.702 x)."""
    return x * expit(1.702 * x)


def quick_gelu_backward(dy: Array, x: Array) -> Array:
    """dx = dy (s + 1.702 x s (1 - s)), s = sigma(1.702 x)."""
    return _gated_backward(dy, x, 1.702 * x, 1.702)


def silu(x: Array) -> Array:
    """y = x sigma(x)."""
    return x * expit(x)


def silu_backward(dy: Array, x: Array) -> Array:
    """dx = dy (s + x s (1 - s)), s = sigma(x)."""
    return _gated_backward(dy, x, x, 1)


def _u(x: Array) -> Array:
    return math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)


def _gated_backward(dy: Array, x: Array, u: Array, slope: Array | float) -> Array:
    """Return dy times the derivative of x sigma(u(x)); slope is u'(x)."""
    sigma = expit(u)
    return dy * (sigma + x * slope * sigma * (1 - sigma))
