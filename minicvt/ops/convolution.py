"""Convolutions over channels-last maps, and the im2col they rest on.

Sizes follow equation 1 of the CvT paper, written with stride s, kernel k and
padding p: H' = floor((H + 2p - k) / s) + 1.
"""

from __future__ import annotations

from math import prod

from minicvt import kernels
from minicvt.errors import ShapeError
from minicvt.kernels.geometry import map_size
from minicvt.ops.linear import rows
from minicvt.ops.operation import operation
from minicvt.ops.spec import NOTHING, Shape, Spec, bilinear

Pair = tuple[int, int]


def window_sizes(
    x: Shape,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    ceil_mode: bool = False,
) -> Pair:
    """Height and width after sliding a window; raises when it does not fit."""
    if len(x) != 4 or min(x[1:]) < 1:
        raise ShapeError(f"x must be (B, H, W, C), not empty, got {x}")
    if min(stride) < 1 or min(kernel) < 1 or min(padding) < 0:
        raise ShapeError(
            f"kernel {kernel} and stride {stride} must be positive, "
            f"padding {padding} not negative"
        )
    if any(n + 2 * p < k for n, k, p in zip(x[1:3], kernel, padding, strict=True)):
        raise ShapeError(
            f"kernel {kernel} is larger than the map {x[1:3]} of x {x} "
            f"with padding {padding}"
        )
    return map_size((x[1], x[2]), kernel, stride, padding, ceil_mode)


def _im2col_rule(x: Shape, *, kernel: Pair, stride: Pair, padding: Pair) -> Spec:
    h, w = window_sizes(x, kernel, stride, padding)
    shape = (x[0], h, w, *kernel, x[3])
    return Spec(shape, NOTHING, backward=({"additions": prod(shape)},))


@operation(_im2col_rule, pairs=("kernel", "stride", "padding"))
def im2col(x, *, kernel, stride=1, padding=0):
    """Lay every window out as a row.

    x ``(B, H, W, C)`` -> ``(B, H', W', kh, kw, C)``. The pullback is its adjoint,
    col2im: every pixel collects from all the windows that saw it.
    """
    y = kernels.im2col(x, kernel, stride, padding)
    size = x.shape[1:3]
    return y, lambda d: (kernels.col2im(d, size, stride, padding),)


def _col2im_rule(columns: Shape, *, size: Pair, stride: Pair, padding: Pair) -> Spec:
    if len(columns) != 6:
        raise ShapeError(f"needs (B, H', W', kh, kw, C), got {columns}")
    b, h, w, kh, kw, c = columns
    expected = window_sizes((b, *size, c), (kh, kw), stride, padding)
    if (h, w) != expected:
        raise ShapeError(f"map {size} has {expected} windows, got {(h, w)}")
    return Spec((b, *size, c), {"additions": prod(columns)}, backward=(NOTHING,))


@operation(_col2im_rule, pairs=("size", "stride", "padding"))
def col2im(columns, *, size, stride=1, padding=0):
    """Add every window back where it was cut out: the adjoint of im2col."""
    y = kernels.col2im(columns, size, stride, padding)
    kernel = columns.shape[3:5]
    return y, lambda d: (kernels.im2col(d, kernel, stride, padding),)


def _conv2d_rule(
    x: Shape,
    weight: Shape,
    bias: Shape | None,
    *,
    stride: Pair,
    padding: Pair,
    groups: int,
) -> Spec:
    if len(weight) != 4 or weight[0] < 1:
        expected = "(O, I/groups, kh, kw), O at least 1"
        raise ShapeError(f"weight must be {expected}, got {weight}")
    out, depth, kh, kw = weight
    h, w = window_sizes(x, (kh, kw), stride, padding)
    if groups < 1 or depth * groups != x[3] or out % groups:
        raise ShapeError(
            f"weight {weight} in {groups} groups needs {depth * groups} "
            f"channels, x is {x}"
        )
    if bias not in (None, (out,)):
        raise ShapeError(f"bias {bias} should be {(out,)}")
    shape = (x[0], h, w, out)
    return bilinear(shape, prod(shape) * depth * kh * kw, bias)


@operation(_conv2d_rule, pairs=("stride", "padding"))
def conv2d(x, weight, bias=None, *, stride=1, padding=0, groups=1):
    """y[b,i,j,o] = sum_{u,v,c} x[b, si+u-p, sj+v-p, c] w[o,c,u,v] + bias[o].

    x ``(B, H, W, I)``, weight ``(O, I/groups, kh, kw)`` -> ``(B, H', W', O)``.
    Each group of outputs sees its own group of inputs.
    """
    y = kernels.conv2d(x, weight, stride, padding, groups)
    if bias is not None:
        y += bias
    size, kernel = x.shape[1:3], weight.shape[2:]

    def pullback(d):
        return (
            lambda: kernels.conv2d_input_grad(d, weight, size, stride, padding, groups),
            lambda: kernels.conv2d_weight_grad(d, x, kernel, stride, padding, groups),
            lambda: kernels.column_sum(rows(d)),
        )

    return y, pullback


def _depthwise_rule(x: Shape, weight: Shape, *, stride: Pair, padding: Pair) -> Spec:
    if len(weight) != 4 or weight[1] != 1:
        raise ShapeError(f"weight must be (C, 1, kh, kw), got {weight}")
    h, w = window_sizes(x, weight[2:], stride, padding)
    if weight[0] != x[3]:
        raise ShapeError(f"weight {weight} needs {weight[0]} channels, x is {x}")
    shape = (x[0], h, w, x[3])
    product = {"macs": prod(shape) * weight[2] * weight[3]}
    return Spec(shape, product, keeps=(0, 1))


@operation(_depthwise_rule, pairs=("stride", "padding"))
def depthwise_conv2d(x, weight, *, stride=1, padding=0):
    """One kernel per channel: y[b,i,j,c] = sum_{u,v} x[b, si+u-p, sj+v-p, c] w[c,u,v].

    The spatial half of a depthwise separable convolution (CvT section 3.2): s^2 C
    parameters where a dense one has s^2 C^2. weight is ``(C, 1, kh, kw)``.
    """
    y = kernels.depthwise_conv2d(x, weight, stride, padding)
    size, kernel = x.shape[1:3], weight.shape[2:]

    def pullback(d):
        return (
            lambda: kernels.depthwise_conv2d_input_grad(
                d, weight, size, stride, padding
            ),
            lambda: kernels.depthwise_conv2d_weight_grad(d, x, kernel, stride, padding),
        )

    return y, pullback
