"""Convolutions that the papers write as something else."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt import ops
from minicvt.grid import Grid
from minicvt.nn import (
    ConvEmbed,
    Pointwise,
    flatten,
    unflatten,
)
from minicvt.nn.block import LocalPerception
from minicvt.nn.projection import DepthwiseReduction, SpatialReduction
from minicvt.nn.soft_split import soft_split
from minicvt.tensor import Tensor
from minicvt.verify.laws.law import Family
from minicvt.verify.laws.parts import made, one_thing
from minicvt.verify.operations import Draw

FAMILY = Family(
    "Written twice: as convolutions",
    "Gradients by the input and by every parameter are compared too.",
)
DIM = 6


def patches(x: Tensor, size: int) -> Tensor:
    """Cut ``(B, H, W, C)`` into rows ``(B, H/P, W/P, C P P)``: (channel, row, column).

    P does divide H and W.
    """
    batch, height, width, channels = x.shape
    rows, columns = height // size, width // size
    cut = x.reshape(batch, rows, size, columns, size, channels)
    ordered = cut.transpose(0, 1, 3, 5, 2, 4)
    return ordered.reshape(batch, rows, columns, channels * size * size)


def as_linear(conv: Any, x: Tensor) -> Tensor:
    """Apply a convolution's weight as one matrix ``(out, C P P)``."""
    return ops.linear(x, conv.weight.reshape(conv.weight.shape[0], -1), conv.bias)


@FAMILY.equal("ViT's patch convolution is a Linear of flat patches.", "x_p E")
def patch_embedding(draw: Draw) -> float:
    """Kernel and stride are the patch."""
    embed, x = made(draw, ConvEmbed, 3, 5, 4, 4, 0, None), draw.normal(2, 8, 12, 3)
    return one_thing(embed, lambda x: as_linear(embed.proj, patches(x, 4)), x, embed)


@FAMILY.equal("A projected soft split is a convolution.", "W unfold(x) = C(W) x")
def projected_split(draw: Draw) -> float:
    """T2T-ViT's third split, kernel 3, stride 2, padding 1."""
    weight, x = draw.normal(5, DIM, 3, 3), draw.normal(2, 7, 8, DIM)

    def split(x: Tensor) -> Tensor:
        tokens, grid = soft_split(x, 3, 2, 1)
        projected = ops.linear(tokens, weight.reshape(5, -1))
        return unflatten(projected, grid)[0]

    return one_thing(lambda x: ops.conv2d(x, weight, stride=2, padding=1), split, x)


@FAMILY.equal("PVT's reduction is its equation 3.", "Norm(Reshape(x, R) W^S)")
def reduction(draw: Draw) -> float:
    """Columns in the order (channel, row, column)."""
    part, grid = made(draw, SpatialReduction, DIM, 2, 1e-5), Grid(4, 6)

    def written(x: Tensor) -> Tensor:
        reshaped = patches(unflatten(x, grid)[0], 2)
        return flatten(part.norm(as_linear(part.conv, reshaped)))[0]

    x = draw.normal(2, grid.tokens, DIM)
    return one_thing(lambda x: part(x, grid)[0], written, x, part)


@FAMILY.equal("A convolution of 1 x 1 is a Linear of each token.", "C(W) x = W x")
def pointwise(draw: Draw) -> float:
    """As in CeiT and CMT."""
    layer = made(draw, Pointwise, DIM, 4)

    def convolved(x: Tensor) -> Tensor:
        return ops.conv2d(x, layer.weight.reshape(4, DIM, 1, 1), layer.bias)

    return one_thing(layer, convolved, draw.normal(2, 3, 5, DIM), layer)


@FAMILY.equal("CMT's local perception is one convolution.", "D(w) x + x = D(w + 1_c) x")
def perception(draw: Draw) -> float:
    """One more in the centre of the kernel."""
    unit, grid = made(draw, LocalPerception, DIM), Grid(3, 5)
    centre = np.zeros((DIM, 1, 3, 3))
    centre[:, :, 1, 1] = 1

    def written(x: Tensor) -> Tensor:
        convolved = ops.depthwise_conv2d(
            unflatten(x, grid)[0], unit.weight + centre, padding=1
        )
        return flatten(convolved + unit.bias)[0]

    x = draw.normal(2, grid.tokens, DIM)
    return one_thing(lambda x: unit(x, grid), written, x, unit)


@FAMILY.equal("CMT's reduction takes its BatchNorm in.", "BN(D(w) x) = D(g w) x + h")
def folded_reduction(draw: Draw) -> float:
    """In evaluation, g = gamma / sigma and h = beta - mean g."""
    part, grid = made(draw, DepthwiseReduction, DIM, 2), Grid(4, 6)
    bn, conv = part.bn, part.conv

    def folded(x: Tensor) -> Tensor:
        factor = bn.weight / np.sqrt(bn.running_var + bn.eps)
        weight = conv.weight * factor.reshape(DIM, 1, 1, 1)
        y = ops.depthwise_conv2d(unflatten(x, grid)[0], weight, stride=2)
        return flatten(y + (conv.bias - bn.running_mean) * factor + bn.bias)[0]

    x = draw.normal(2, grid.tokens, DIM)
    return one_thing(lambda x: part(x, grid)[0], folded, x, part)
