"""Activations with SciPy: `ndtr` is the normal cdf Phi, `expit` the logistic sigma."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import expit, ndtr

from minicvt.kernels.types import Array

Back = tuple[Array, Array | None]


def gelu(x: Array, bias: Array | None = None) -> Array:
    """y = z Phi(z), z = x + bias here and below."""
    z = _sum(x, bias)
    return z * ndtr(z)


def gelu_backward(dy: Array, x: Array, bias: Array | None = None) -> Back:
    """dx = dy (Phi(z) + z phi(z)), phi the density of the normal distribution."""
    z = _sum(x, bias)
    pdf = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return _with_bias(dy * (ndtr(z) + z * pdf), bias)


def gelu_tanh(x: Array, bias: Array | None = None) -> Array:
    """y = z sigma(2 u(z))."""
    z = _sum(x, bias)
    return z * expit(2 * _u(z))


def gelu_tanh_backward(dy: Array, x: Array, bias: Array | None = None) -> Back:
    """dx = dy (s + 2 z u' s (1 - s)), s = sigma(2 u(z))."""
    z = _sum(x, bias)
    slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * z * z)
    return _with_bias(dy * _gated_slope(z, 2 * _u(z), 2 * slope), bias)


def quick_gelu(x: Array, bias: Array | None = None) -> Array:
    """y = z sigma(1.702 z)."""
    z = _sum(x, bias)
    return z * expit(1.702 * z)


def quick_gelu_backward(dy: Array, x: Array, bias: Array | None = None) -> Back:
    """dx = dy (s + 1.702 z s (1 - s)), s = sigma(1.702 z)."""
    z = _sum(x, bias)
    return _with_bias(dy * _gated_slope(z, 1.702 * z, 1.702), bias)


def silu(x: Array, bias: Array | None = None) -> Array:
    """y = z sigma(z)."""
    z = _sum(x, bias)
    return z * expit(z)


def silu_backward(dy: Array, x: Array, bias: Array | None = None) -> Back:
    """dx = dy (s + z s (1 - s)), s = sigma(z)."""
    z = _sum(x, bias)
    return _with_bias(dy * _gated_slope(z, z, 1), bias)


def relu(x: Array, bias: Array | None = None) -> Array:
    """y = max(z, 0)."""
    return np.maximum(_sum(x, bias), 0)


def relu_backward(dy: Array, x: Array, bias: Array | None = None) -> Back:
    """dx = dy where z is positive, else 0."""
    return _with_bias(dy * (_sum(x, bias) > 0), bias)


def _sum(x: Array, bias: Array | None) -> Array:
    return x if bias is None else x + bias


def _with_bias(dx: Array, bias: Array | None) -> Back:
    """Return dx, and its sum over all rows."""
    if bias is None:
        return dx, None
    rows = tuple(range(dx.ndim - 1))
    return dx, dx.sum(axis=rows, dtype=np.float64).astype(dx.dtype)


def _u(z: Array) -> Array:
    return math.sqrt(2 / math.pi) * (z + 0.044715 * z * z * z)


def _gated_slope(z: Array, u: Array, slope: Array | float) -> Array:
    """Return the derivative of z sigma(u(z)); slope is u'(z)."""
    sigma = expit(u)
    return sigma + z * slope * sigma * (1 - sigma)
