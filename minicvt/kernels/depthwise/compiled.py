"""Depthwise convolution in Numba: 3 x 3 kernels, over the lanes of `sliding`.

The loops bodies compiled as they stand sum one channel at a time, which reads a
channels-last map with a stride and does not vectorise: 20 times slower, or more.

The gradient of the input is a convolution too: with the kernel turned by 180 degrees,
of a map whose pixels are ``stride`` apart.

What else there is (other kernels, fewer channels than lanes) is left to NumPy: no model
here has a large map of it.
"""

from __future__ import annotations

import numpy as np

from minicvt.kernels.depthwise import vectorized
from minicvt.kernels.depthwise.sliding import convolve, weight_grad
from minicvt.kernels.geometry import map_size
from minicvt.kernels.jit import frozen
from minicvt.kernels.lanes import LANES
from minicvt.kernels.types import Array, Pair

NANOSECONDS = 0.3  # an element read or written, about


def depthwise_conv2d(x: Array, weight: Array, stride: Pair, padding: Pair) -> Array:
    """Slide over x."""
    if not _suits(x, weight.shape[2:]):
        return vectorized.depthwise_conv2d(x, weight, stride, padding)
    size = map_size(x.shape[1:3], (3, 3), stride, padding)
    return _convolve(x, _taps(weight), size, stride, padding, (1, 1))


def depthwise_conv2d_input_grad(
    dy: Array, weight: Array, size: Pair, stride: Pair, padding: Pair
) -> Array:
    """Slide the turned kernel over dy with gaps."""
    if not _suits(dy, weight.shape[2:]):
        return vectorized.depthwise_conv2d_input_grad(dy, weight, size, stride, padding)
    turned = _taps(weight)[::-1, ::-1]
    around = 2 - padding[0], 2 - padding[1]
    return _convolve(dy, turned, size, (1, 1), around, stride)


def depthwise_conv2d_weight_grad(
    dy: Array, x: Array, kernel: Pair, stride: Pair, padding: Pair
) -> Array:
    """Sum over each image, its rows shared among threads, and over the images."""
    if not _suits(x, kernel):
        return vectorized.depthwise_conv2d_weight_grad(dy, x, kernel, stride, padding)
    dy, x = frozen(dy), frozen(x)
    total = np.zeros((len(x), 3, 3, x.shape[3]))
    work = len(x), NANOSECONDS * (dy.size + x.size)
    weight_grad(*work, dy, x, stride, padding, total)
    return total.sum(axis=0).transpose(2, 0, 1)[:, None].astype(x.dtype, order="C")


def _suits(x: Array, kernel: Pair) -> bool:
    return kernel == (3, 3) and x.shape[3] >= LANES


def _taps(weight: Array) -> Array:
    return weight[:, 0].transpose(1, 2, 0)


def _convolve(
    x: Array, taps: Array, size: Pair, stride: Pair, padding: Pair, apart: Pair
) -> Array:
    """Share the rows of all images among threads."""
    x, taps = frozen(x), frozen(taps)
    y = np.empty((len(x), *size, x.shape[3]), x.dtype)
    work = len(x) * size[0], NANOSECONDS * (x.size + y.size)
    convolve(*work, x, taps, stride, padding, apart, y)
    return y
