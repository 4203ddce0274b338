"""Activations as loops over a flat array, each with its derivative times dy.

sigma is the logistic function, sigma(u) = 1 / (1 + exp(-u)) = (1 + tanh(u / 2)) / 2;
the second form is the one used here, because it never overflows.
"""

from __future__ import annotations

import math

import numpy as np

from minicvt.kernels.types import Array


def gelu(x: Array) -> Array:
    """y = x Phi(x), Phi(x) = (1 + erf(x / sqrt 2)) / 2 the normal distribution.

    Hendrycks and Gimpel 2016.  Written with erfc(u) = 1 - erf(u): for large negative
    x, 1 + erf would be the difference of two almost equal numbers.
    """
    y = np.empty_like(x)
    for i in range(x.size):
        y[i] = x[i] * math.erfc(-x[i] / math.sqrt(2)) / 2
    return y
