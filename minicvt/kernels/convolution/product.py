"""Convolution as a matrix product: im2col's windows times the weight's matrix.

With N = B*Ho*Wo windows of K = kh*kw*I elements in each of g groups, the forward is
(g, N, K) @ (g, K, O/g); both gradients are the products with one factor transposed.
The batch goes through in parts, so that the windows, k*k times the map, stay in the
cache and memory does not grow with the batch; threads share the images, and of a
single image the product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from minicvt.kernels.geometry import map_size
from minicvt.kernels.multiplication.vectorized import nanoseconds
from minicvt.kernels.types import Array, Pair
from minicvt.threads import share

PART_BYTES = 2**20  # of windows at a time


@dataclass(frozen=True)
class Convolution:
    """The three kernels on top of im2col, its adjoint and a matrix product."""

    im2col: Callable[..., Array]
    col2im: Callable[..., Array]
    matmul: Callable[..., Array]

    def conv2d(
        self, x: Array, weight: Array, stride: Pair, padding: Pair, groups: int
    ) -> Array:
        """Multiply every window with the weight, (B, Ho, Wo, O)."""
        kernel = weight.shape[2:]
        output = map_size(x.shape[1:3], kernel, stride, padding)
        y = np.empty((len(x), *output, len(weight)), x.dtype)
        matrix = _matrix(weight, groups)

        def images(first: int, last: int) -> None:
            for part in _parts(first, last, y, matrix):
                windows = self._unfold(x[part], kernel, stride, padding, groups)
                self.matmul(windows, matrix.mT, out=_split(y[part], groups))

        share(images, len(y), nanoseconds(y, matrix.shape[2]))
        return y

    def conv2d_input_grad(
        self,
        dy: Array,
        weight: Array,
        size: Pair,
        stride: Pair,
        padding: Pair,
        groups: int,
    ) -> Array:
        """Multiply back to the windows and add them up, (B, H, W, C)."""
        kernel = weight.shape[2:]
        matrix = _matrix(weight, groups)
        dx = np.empty((len(dy), *size, weight.shape[1] * groups), dy.dtype)

        def images(first: int, last: int) -> None:
            for part in _parts(first, last, dy, matrix):
                windows = self.matmul(_split(dy[part], groups), matrix)
                columns = _merge(windows, (*dy[part].shape[:3], *kernel))
                if _pointwise(kernel, stride, padding):
                    dx[part] = columns[:, :, :, 0, 0]
                else:
                    dx[part] = self.col2im(columns, size, stride, padding)

        share(images, len(dy), nanoseconds(dy, matrix.shape[2]))
        return dx

    def conv2d_weight_grad(
        self,
        dy: Array,
        x: Array,
        kernel: Pair,
        stride: Pair,
        padding: Pair,
        groups: int,
    ) -> Array:
        """Multiply dy with the windows it came from, parts summed in float64."""
        outs, ins = dy.shape[3], x.shape[3] // groups
        shape = groups, outs // groups, kernel[0] * kernel[1] * ins
        totals: dict[int, Array] = {}

        def images(first: int, last: int) -> None:
            total = totals[first] = np.zeros(shape)
            for part in _parts(first, last, dy, total):
                windows = self._unfold(x[part], kernel, stride, padding, groups)
                total += self.matmul(_split(dy[part], groups).mT, windows)

        share(images, len(dy), nanoseconds(dy, shape[2]))
        total = np.sum([totals[first] for first in sorted(totals)], axis=0)
        return _oihw(total, kernel).astype(x.dtype, order="C")

    def _unfold(
        self, x: Array, kernel: Pair, stride: Pair, padding: Pair, groups: int
    ) -> Array:
        """Return the windows of every group, (g, N, kh*kw*I)."""
        if _pointwise(kernel, stride, padding):
            return _split(x, groups)
        columns = self.im2col(x, kernel, stride, padding)
        taps = kernel[0] * kernel[1]
        split = columns.reshape(-1, taps, groups, x.shape[3] // groups)
        return split.transpose(2, 0, 1, 3).reshape(groups, len(split), -1)


def _pointwise(kernel: Pair, stride: Pair, padding: Pair) -> bool:
    """Say whether the windows are the map itself."""
    return kernel == stride == (1, 1) and padding == (0, 0)


def _parts(first: int, last: int, y: Array, matrix: Array) -> Iterator[slice]:
    """Cut these images of y where the windows reach PART_BYTES."""
    groups, _, elements = matrix.shape
    image = y.shape[1] * y.shape[2] * groups * elements * y.itemsize
    images = max(1, PART_BYTES // image)
    for start in range(first, last, images):
        yield slice(start, min(start + images, last))


def _matrix(weight: Array, groups: int) -> Array:
    """Reorder OIHW to OHWI, (g, O/g, kh*kw*I): the order of the windows."""
    return weight.transpose(0, 2, 3, 1).reshape(groups, len(weight) // groups, -1)


def _oihw(matrix: Array, kernel: Pair) -> Array:
    groups, outs, _ = matrix.shape
    return matrix.reshape(groups * outs, *kernel, -1).transpose(0, 3, 1, 2)


def _split(y: Array, groups: int) -> Array:
    """View (B, Ho, Wo, O) as (g, N, O/g)."""
    return y.reshape(-1, groups, y.shape[3] // groups).swapaxes(0, 1)


def _merge(windows: Array, shape: tuple[int, ...]) -> Array:
    """Return (g, N, kh*kw*I) as columns (B, Ho, Wo, kh, kw, C)."""
    groups, count, _ = windows.shape
    taps = shape[3] * shape[4]
    split = windows.reshape(groups, count, taps, -1).transpose(1, 2, 0, 3)
    return split.reshape(*shape, -1)
