"""Activations y = g(z) as loops, z = x + bias, and their cotangents dx = dy g'(z).

x is (..., C), bias (C,), or None for x alone; then dbias is None, else dx summed over
all rows.  One pass makes all of it: a sum z is used where it is made.

sigma is the logistic function, sigma(u) = 1 / (1 + exp(-u)) = exp(u) / (1 + exp(u)).
Below it is written with e = exp(-|u|), which cannot overflow: 1 / (1 + e) for
positive u, e / (1 + e) for negative.  Its derivative is sigma(u) (1 - sigma(u)).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from minicvt.kernels.types import Array

Back = tuple[Array, Array | None]


def _sums(x: Array, bias: Array | None) -> Iterator[tuple[tuple[int, ...], Array]]:
    """Yield every place and z = x + bias there."""
    for at, value in np.ndenumerate(x):
        yield at, value if bias is None else value + bias[at[-1]]


def _with_bias(dx: Array, bias: Array | None) -> Back:
    """Return dx, and dbias[c] = sum_n dx[n, c]."""
    if bias is None:
        return dx, None
    dbias = np.zeros(bias.shape)
    for at, value in np.ndenumerate(dx):
        dbias[at[-1]] += value
    return dx, dbias.astype(dx.dtype)


def gelu(x: Array, bias: Array | None = None) -> Array:
    """y = z Phi(z), where Phi(z) = (1 + erf(z / sqrt 2)) / 2 is the normal cdf.

    Hendrycks and Gimpel 2016.  Written with erfc(-u) = 1 + erf(u): for a large
    negative u the sum would be a difference of two almost equal numbers.
    """
    y = np.empty_like(x)
    for at, z in _sums(x, bias):
        y[at] = z * math.erfc(-z / math.sqrt(2)) / 2
    return y


def gelu_backward(dy: Array, x: Array, bias: Array | None = None) -> Back:
    """dx = dy (Phi(z) + z phi(z)), phi(z) = exp(-z^2 / 2) / sqrt(2 pi) = Phi'(z)."""
    dx = np.empty_like(x)
    for at, z in _sums(x, bias):
        cdf = math.erfc(-z / math.sqrt(2)) / 2
        pdf = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        dx[at] = dy[at] * (cdf + z * pdf)
    return _with_bias(dx, bias)


def gelu_tanh(x: Array, bias: Array | None = None) -> Array:
    """y = z (1 + tanh(u)) / 2 = z sigma(2 u), u = sqrt(2 / pi) (z + 0.044715 z^3).

    The approximation of GELU given by Hendrycks and Gimpel 2016, section 2.
    """
    y = np.empty_like(x)
    for at, z in _sums(x, bias):
        u = math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)
        e = math.exp(-2 * abs(u))
        y[at] = z * (1 if u > 0 else e) / (1 + e)
    return y


def gelu_tanh_backward(dy: Array, x: Array, bias: Array | None = None) -> Back:
    """dx = dy (s + 2 z u' s (1 - s)), s = sigma(2 u), and gelu_tanh's u.

    u' = sqrt(2 / pi) (1 + 3 * 0.044715 z^2).
    """
    dx = np.empty_like(x)
    for at, z in _sums(x, bias):
        u = math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)
        slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * z**2)
        e = math.exp(-2 * abs(u))
        sigma = (1 if u > 0 else e) / (1 + e)
        dx[at] = dy[at] * (sigma + 2 * z * slope * sigma * (1 - sigma))
    return _with_bias(dx, bias)


def quick_gelu(x: Array, bias: Array | None = None) -> Array:
    """y = z sigma(1.702 z), the other approximation of Hendrycks and Gimpel 2016."""
    y = np.empty_like(x)
    for at, z in _sums(x, bias):
        e = math.exp(-1.702 * abs(z))
        y[at] = z * (1 if z > 0 else e) / (1 + e)
    return y


def quick_gelu_backward(dy: Array, x: Array, bias: Array | None = None) -> Back:
    """dx = dy (s + 1.702 z s (1 - s)), s = sigma(1.702 z)."""
    dx = np.empty_like(x)
    for at, z in _sums(x, bias):
        e = math.exp(-1.702 * abs(z))
        sigma = (1 if z > 0 else e) / (1 + e)
        dx[at] = dy[at] * (sigma + 1.702 * z * sigma * (1 - sigma))
    return _with_bias(dx, bias)


def silu(x: Array, bias: Array | None = None) -> Array:
    """y = z sigma(z), also called swish (Elfwing et al. 2017, equation 5)."""
    y = np.empty_like(x)
    for at, z in _sums(x, bias):
        e = math.exp(-abs(z))
        y[at] = z * (1 if z > 0 else e) / (1 + e)
    return y


def silu_backward(dy: Array, x: Array, bias: Array | None = None) -> Back:
    """dx = dy (s + z s (1 - s)), s = sigma(z)."""
    dx = np.empty_like(x)
    for at, z in _sums(x, bias):
        e = math.exp(-abs(z))
        sigma = (1 if z > 0 else e) / (1 + e)
        dx[at] = dy[at] * (sigma + z * sigma * (1 - sigma))
    return _with_bias(dx, bias)


def relu(x: Array, bias: Array | None = None) -> Array:
    """y = max(z, 0)."""
    y = np.empty_like(x)
    for at, z in _sums(x, bias):
        y[at] = 0 if z < 0 else z
    return y


def relu_backward(dy: Array, x: Array, bias: Array | None = None) -> Back:
    """dx = dy where z is positive, else 0."""
    dx = np.empty_like(x)
    for at, z in _sums(x, bias):
        dx[at] = dy[at] * (z > 0)
    return _with_bias(dx, bias)
