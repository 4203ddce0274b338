"""Convolutions that are others in disguise: one value, one gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt import ops
from minicvt.kernels.types import Array
from minicvt.tensor import Tensor
from minicvt.verify.laws.law import Family
from minicvt.verify.laws.parts import one_thing
from minicvt.verify.operations import Draw

FAMILY = Family(
    "Convolutions",
    "C(W) is dense, D(w) depthwise, G(w) in groups; kernels, strides and paddings are "
    "any, and gradients are compared too.",
)
CHANNELS = 6


def drawn(draw: Draw) -> tuple[tuple[int, int], dict[str, Any], Array]:
    """Draw a kernel, a stride with a padding, and a map."""
    kernel = draw.size(1, 4), draw.size(1, 4)
    window = {"stride": draw.size(1, 3), "padding": draw.size(0, 2)}
    return kernel, window, draw.normal(2, draw.size(5, 8), draw.size(5, 8), CHANNELS)


def block_diagonal(weight: Array, groups: int) -> Array:
    """Write ``(O, I/g, kh, kw)`` as ``(O, I, kh, kw)``, zeros between groups."""
    out, depth, *kernel = weight.shape
    dense = np.zeros((groups, out // groups, groups, depth, *kernel))
    for group in range(groups):
        dense[group, :, group] = weight.reshape(groups, -1, depth, *kernel)[group]
    return dense.reshape(out, groups * depth, *kernel)


@FAMILY.equal(
    "Depthwise is dense with a diagonal.", "D(w) = C(W), W_oc = w_c if o = c, else 0"
)
def depthwise(draw: Draw) -> float:
    """One kernel a channel."""
    kernel, window, x = drawn(draw)
    weight = draw.normal(CHANNELS, 1, *kernel)
    dense = block_diagonal(weight, CHANNELS)
    return one_thing(
        lambda x: ops.depthwise_conv2d(x, weight, **window),
        lambda x: ops.conv2d(x, dense, **window),
        x,
    )


@FAMILY.equal("In groups it is dense with blocks on the diagonal.", "G(w) = C(W)")
def grouped(draw: Draw) -> float:
    """Two outputs a group."""
    kernel, window, x = drawn(draw)
    groups = draw.one_of(1, 2, 3, 6)
    weight = draw.normal(12, CHANNELS // groups, *kernel)
    dense = block_diagonal(weight, groups)
    return one_thing(
        lambda x: ops.conv2d(x, weight, groups=groups, **window),
        lambda x: ops.conv2d(x, dense, **window),
        x,
    )


@FAMILY.equal(
    "Depthwise, then point-wise is dense of rank one.",
    "P D(w) = C(W), W_ocuv = P_oc w_cuv",
)
def separable(draw: Draw) -> float:
    """What a Convolutional Projection is, but for BatchNorm."""
    kernel, window, x = drawn(draw)
    weight, pointwise = draw.normal(CHANNELS, 1, *kernel), draw.normal(4, CHANNELS)
    dense = pointwise[:, :, None, None] * weight[None, :, 0]
    return one_thing(
        lambda x: ops.linear(ops.depthwise_conv2d(x, weight, **window), pointwise),
        lambda x: ops.conv2d(x, dense, **window),
        x,
    )


@FAMILY.equal("Dense is one product of unfolded windows.", "C(W) x = im2col(x) W'")
def unfolded(draw: Draw) -> float:
    """Windows as rows (u, v, c)."""
    kernel, window, x = drawn(draw)
    weight = draw.normal(5, CHANNELS, *kernel)
    rows = weight.transpose(0, 2, 3, 1).reshape(5, -1)

    def run(x: Tensor) -> Tensor:
        columns = ops.im2col(x, kernel=kernel, **window)
        return ops.linear(columns.reshape(*columns.shape[:3], -1), rows)

    return one_thing(lambda x: ops.conv2d(x, weight, **window), run, x)


@FAMILY.equal("A stride takes every s-th place.", "C_s(W) x = (C_1(W) x)[::s, ::s]")
def strided(draw: Draw) -> float:
    """Both strides are s."""
    kernel, window, x = drawn(draw)
    weight, s = draw.normal(5, CHANNELS, *kernel), draw.size(2, 3)
    padding = window["padding"]
    return one_thing(
        lambda x: ops.conv2d(x, weight, stride=s, padding=padding),
        lambda x: ops.conv2d(x, weight, padding=padding)[:, ::s, ::s],
        x,
    )
