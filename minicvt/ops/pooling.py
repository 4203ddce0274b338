"""Maximum and average over windows of a channels-last map."""

from __future__ import annotations

from math import prod
from typing import Any

from minicvt import kernels
from minicvt.errors import ShapeError
from minicvt.kernels.geometry import map_size
from minicvt.ops.convolution import Pair, window_sizes
from minicvt.ops.operation import operation
from minicvt.ops.spec import Made, Shape, Spec


def _pooled(
    x: Shape, *, kernel: Pair, stride: Pair, padding: Pair, ceil_mode: bool
) -> Shape:
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise ShapeError(f"padding {padding} is more than half of {kernel}")
    h, w = window_sizes(x, kernel, stride, padding, ceil_mode)
    return x[0], h, w, x[3]


def _max_rule(x: Shape, **window: Any) -> Spec:
    shape = _pooled(x, **window)
    work = {"comparisons": prod(shape) * prod(window["kernel"])}
    backward = ({"additions": prod(shape)},)
    return Spec(shape, work, keeps=(Made(shape, "int64"),), backward=backward)


def _average_rule(x: Shape, *, count_include_pad: bool, **window: Any) -> Spec:
    shape = _pooled(x, **window)
    return Spec(shape, {"additions": prod(shape) * prod(window["kernel"])})


@operation(_max_rule, pairs=("kernel", "stride", "padding"))
def max_pool2d(x, *, kernel, stride, padding=0, ceil_mode=False):
    """Largest value of each window; the cotangent goes to where it was found.

    Padding counts as minus infinity. x ``(B, H, W, C)`` -> ``(B, H', W', C)``.
    """
    before = x.shape[1:3]
    size = map_size(before, kernel, stride, padding, ceil_mode)
    y, winners = kernels.max_pool2d(x, kernel, stride, padding, size)
    return y, lambda d: (kernels.max_pool2d_backward(d, winners, before),)


@operation(_average_rule, pairs=("kernel", "stride", "padding"))
def avg_pool2d(
    x, *, kernel, stride, padding=0, ceil_mode=False, count_include_pad=True
):
    """Mean of each window, PyTorch's divisor.

    With ``count_include_pad`` zeros of the padding count, but not what lies
    beyond it when ``ceil_mode`` lets the last window hang over.
    """
    before = x.shape[1:3]
    size = map_size(before, kernel, stride, padding, ceil_mode)
    y = kernels.avg_pool2d(x, kernel, stride, padding, size, count_include_pad)
    return y, lambda d: (
        kernels.avg_pool2d_backward(
            d, before, kernel, stride, padding, count_include_pad
        ),
    )
