"""Activations as loops over a flat array, and dx = dy y'(x) for each.

sigma is the logistic function, sigma(u) = 1 / (1 + exp(-u)) = exp(u) / (1 + exp(u)).
Below it is written with e = exp(-|u|), which cannot overflow: 1 / (1 + e) for
positive u, e / (1 + e) for negative.  Its derivative is sigma(u) (1 - sigma(u)).
"""

from __future__ import annotations

import math

import numpy as np

from minicvt.kernels.types import Array


def gelu(x: Array) -> Array:
    """y = x Phi(x), where Phi(x) = (1 + erf(x / sqrt 2)) / 2 is the normal cdf.

    Hendrycks and Gimpel 2016.  Written with erfc(-u) = 1 + erf(u): for a large
    negative u the sum would be a difference of two almost equal numbers.
    """
    y = np.empty_like(x)
    for i in range(x.size):
        y[i] = x[i] * math.erfc(-x[i] / math.sqrt(2)) / 2
    return y


def gelu_backward(dy: Array, x: Array) -> Array:
    """dx = dy (Phi(x) + x phi(x)), phi(x) = exp(-x^2 / 2) / sqrt(2 pi) = Phi'(x)."""
    dx = np.empty_like(x)
    for i in range(x.size):
        cdf = math.erfc(-x[i] / math.sqrt(2)) / 2
        pdf = math.exp(-x[i] * x[i] / 2) / math.sqrt(2 * math.pi)
        dx[i] = dy[i] * (cdf + x[i] * pdf)
    return dx


def gelu_tanh(x: Array) -> Array:
    """y = x (1 + tanh(u)) / 2 = x sigma(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3).

    The approximation of GELU given by Hendrycks and Gimpel 2016, section 2.
    """
    y = np.empty_like(x)
    for i in range(x.size):
        u = math.sqrt(2 / math.pi) * (x[i] + 0.044715 * x[i] ** 3)
        e = math.exp(-2 * abs(u))
        y[i] = x[i] * (1 if u > 0 else e) / (1 + e)
    return y


def gelu_tanh_backward(dy: Array, x: Array) -> Array:
    """dx = dy (s + 2 x u' s (1 - s)), s = sigma(2 u), and gelu_tanh's u.

    u' = sqrt(2 / pi) (1 + 3 * 0.044715 x^2).
    """
    dx = np.empty_like(x)
    for i in range(x.size):
        u = math.sqrt(2 / math.pi) * (x[i] + 0.044715 * x[i] ** 3)
        slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x[i] ** 2)
        e = math.exp(-2 * abs(u))
        sigma = (1 if u > 0 else e) / (1 + e)
        dx[i] = dy[i] * (sigma + 2 * x[i] * slope * sigma * (1 - sigma))
    return dx


def quick_gelu(x: Array) -> Array:
    """y = x sigma(1.702 x), the other approximation of Hendrycks and Gimpel 2016."""
    y = np.empty_like(x)
    for i in range(x.size):
        e = math.exp(-1.702 * abs(x[i]))
        y[i] = x[i] * (1 if x[i] > 0 else e) / (1 + e)
    return y


def quick_gelu_backward(dy: Array, x: Array) -> Array:
    """dx = dy (s + 1.702 x s (1 - s)), s = sigma(1.702 x)."""
    dx = np.empty_like(x)
    for i in range(x.size):
        e = math.exp(-1.702 * abs(x[i]))
        sigma = (1 if x[i] > 0 else e) / (1 + e)
        dx[i] = dy[i] * (sigma + 1.702 * x[i] * sigma * (1 - sigma))
    return dx


def silu(x: Array) -> Array:
    """y = x sigma(x), also called swish (Elfwing et al. 2017, equation 5)."""
    y = np.empty_like(x)
    for i in range(x.size):
        e = math.exp(-abs(x[i]))
        y[i] = x[i] * (1 if x[i] > 0 else e) / (1 + e)
    return y


def silu_backward(dy: Array, x: Array) -> Array:
    """dx = dy (s + x s (1 - s)), s = sigma(x)."""
    dx = np.empty_like(x)
    for i in range(x.size):
        e = math.exp(-abs(x[i]))
        sigma = (1 if x[i] > 0 else e) / (1 + e)
        dx[i] = dy[i] * (sigma + x[i] * sigma * (1 - sigma))
    return dx
