"""Pooling in NumPy: one pass over a strided map per tap (u, v) of the window."""

from __future__ import annotations

import numpy as np

from minicvt.kernels.strided import pad, taps, unpad
from minicvt.kernels.types import Array, Pair


def max_pool2d(
    x: Array, kernel: Pair, stride: Pair, padding: Pair, output_size: Pair
) -> tuple[Array, Array]:
    """Keep the best value so far, and the cell of the map it came from."""
    batch, height, width, channels = x.shape
    end = _end((height, width), kernel, stride, padding, output_size)
    padded = pad(x, padding, end, value=-np.inf)
    top = np.arange(output_size[0])[:, None, None] * stride[0] - padding[0]
    left = np.arange(output_size[1])[:, None] * stride[1] - padding[1]
    y = np.full((batch, *output_size, channels), -np.inf, x.dtype)
    argmax = np.maximum(top, 0) * width + np.maximum(left, 0)
    for u, v, tap in taps(padded, kernel, stride, output_size):
        better = (tap > y) | np.isnan(tap)
        y = np.where(better, tap, y)
        argmax = np.where(better, (top + u) * width + left + v, argmax)
    return y, argmax


def max_pool2d_backward(dy: Array, argmax: Array, size: Pair) -> Array:
    """Add up dy by the flat index of its winner."""
    batch, _, _, channels = dy.shape
    image = np.arange(batch)[:, None, None, None]
    flat = (image * size[0] * size[1] + argmax) * channels + np.arange(channels)
    shape = (batch, *size, channels)
    total = np.bincount(flat.ravel(), dy.ravel(), minlength=int(np.prod(shape)))
    return total.reshape(shape).astype(dy.dtype)


def avg_pool2d(
    x: Array,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    output_size: Pair,
    count_include_pad: bool,
) -> Array:
    """Sum the taps and divide by how many count."""
    size = x.shape[1:3]
    padded = pad(x, padding, _end(size, kernel, stride, padding, output_size))
    total = np.zeros((len(x), *output_size, x.shape[3]), x.dtype)
    for _, _, tap in taps(padded, kernel, stride, output_size):
        total += tap
    count = _count(size, kernel, stride, padding, output_size, count_include_pad)
    return total / count.astype(x.dtype)


def avg_pool2d_backward(
    dy: Array,
    size: Pair,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    count_include_pad: bool,
) -> Array:
    """Add an equal share of dy to every tap."""
    output = dy.shape[1:3]
    count = _count(size, kernel, stride, padding, output, count_include_pad)
    share = dy / count.astype(dy.dtype)
    dx = np.zeros((len(dy), *size, dy.shape[3]), dy.dtype)
    padded = pad(dx, padding, _end(size, kernel, stride, padding, output))
    for _, _, tap in taps(padded, kernel, stride, output):
        tap += share
    return unpad(padded, size, padding)


def _end(size: Pair, kernel: Pair, stride: Pair, padding: Pair, output: Pair) -> Pair:
    """Return the padding the last window needs at the end: more under ceil_mode."""
    ends = [
        max(p, (o - 1) * s + k - p - n)
        for n, k, s, p, o in zip(size, kernel, stride, padding, output, strict=True)
    ]
    return ends[0], ends[1]


def _count(
    size: Pair, kernel: Pair, stride: Pair, padding: Pair, output: Pair, padded: bool
) -> Array:
    """Return how many cells of each window count, (Ho, Wo, 1)."""
    spans = []
    for n, k, s, p, o in zip(size, kernel, stride, padding, output, strict=True):
        start = np.arange(o) * s - p
        if padded:
            spans.append(np.minimum(start + k, n + p) - start)
        else:
            spans.append(np.minimum(start + k, n) - np.maximum(start, 0))
    return np.multiply.outer(*spans)[..., None]
