"""Depthwise convolution in NumPy: one strided multiply-add of maps per tap (u, v)."""

from __future__ import annotations

import numpy as np

from minicvt.kernels.geometry import map_size
from minicvt.kernels.strided import pad, taps, unpad
from minicvt.kernels.types import Array, Pair


def depthwise_conv2d(x: Array, weight: Array, stride: Pair, padding: Pair) -> Array:
    """Sum over the taps of the shifted map times the tap's channel weights."""
    kernel = weight.shape[2:]
    output = map_size(x.shape[1:3], kernel, stride, padding)
    y = np.zeros((len(x), *output, x.shape[3]), x.dtype)
    for u, v, tap in taps(pad(x, padding), kernel, stride, output):
        y += tap * weight[:, 0, u, v]
    return y


def depthwise_conv2d_input_grad(
    dy: Array, weight: Array, size: Pair, stride: Pair, padding: Pair
) -> Array:
    """Add dy times each tap's channel weights back to where the tap read."""
    padded = pad(np.zeros((len(dy), *size, dy.shape[3]), dy.dtype), padding)
    for u, v, tap in taps(padded, weight.shape[2:], stride, dy.shape[1:3]):
        tap += dy * weight[:, 0, u, v]
    return unpad(padded, size, padding)


def depthwise_conv2d_weight_grad(
    dy: Array, x: Array, kernel: Pair, stride: Pair, padding: Pair
) -> Array:
    """Sum each row of the product of dy and a tap, and the rows' sums in float64."""
    dweight = np.empty((x.shape[3], 1, *kernel), x.dtype)
    for u, v, tap in taps(pad(x, padding), kernel, stride, dy.shape[1:3]):
        rows = np.einsum("bijc,bijc->bic", dy, tap)
        dweight[:, 0, u, v] = rows.sum((0, 1), dtype=np.float64)
    return dweight
