"""BatchNorm folds into the convolution before it, and not into the Linear behind.

In evaluation BN(y) = g y + h with g = gamma / sigma and h = beta - mean g.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt.grid import Grid
from minicvt.kernels.types import Array
from minicvt.nn import Attention, Conv2d, Init, Module, flatten, unflatten
from minicvt.nn.projection import KERNEL, PADDING
from minicvt.tensor import Tensor
from minicvt.verify.laws.law import Family
from minicvt.verify.laws.parts import made, value
from minicvt.verify.operations import Draw
from minicvt.verify.oracle import relative_error

FAMILY = Family(
    "Folding BatchNorm",
    "In evaluation BN(y) = g y + h with g = gamma / sigma, h = beta - mean g.",
)
DIM = 8


class Filter(Module):
    """A depthwise convolution with a bias, alone; special tokens pass by."""

    def __init__(self, weight: Array, bias: Array, stride: int) -> None:
        window: dict[str, Any] = {"stride": stride, "padding": PADDING, "groups": DIM}
        self.conv = Conv2d(DIM, DIM, KERNEL, init=Init("float64"), **window)
        self.conv.load_state_dict({"weight": weight, "bias": bias})

    def forward(self, tokens: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """Filter the map."""
        token_map, special = unflatten(tokens, grid)
        return flatten(self.conv(token_map), special)


def affine(bn: Any) -> tuple[Array, Array]:
    """Return g and h."""
    factor = bn.weight.numpy() / np.sqrt(bn.running_var + bn.eps)
    return factor, bn.bias.numpy() - bn.running_mean * factor


def folded_before(name: str, layer: Any) -> None:
    """W_dw <- g W_dw, b_dw <- h."""
    source = getattr(layer, f"conv_proj_{name}")
    factor, shift = affine(source.bn)
    weight = source.conv.weight.numpy() * factor[:, None, None, None]
    stride = source.conv.window["stride"][0]
    setattr(layer, f"conv_proj_{name}", Filter(weight, shift, stride))


def folded_behind(name: str, layer: Any) -> None:
    """W <- W diag(g), b <- b + W h: the mistake."""
    source, linear = getattr(layer, f"conv_proj_{name}"), getattr(layer, f"proj_{name}")
    factor, shift = affine(source.bn)
    stride = source.conv.window["stride"][0]
    alone = Filter(source.conv.weight.numpy(), np.zeros(DIM), stride)
    setattr(layer, f"conv_proj_{name}", alone)
    linear.bias.assign(linear.bias.numpy() + linear.weight.numpy() @ shift)
    linear.weight.assign(linear.weight.numpy() * factor)


def both(draw: Draw, fold: Any, special: int) -> tuple[Any, Any, Array, Grid]:
    """Return attention, the same folded, tokens and their grid."""
    grid = Grid(draw.size(3, 7), draw.size(2, 8), special)
    ours = made(draw, Attention, DIM, 2)
    other = Attention(DIM, 2, init=Init("float64")).eval()
    other.load_state_dict(ours.state_dict())
    for name in "qkv":
        fold(name, other)
    return ours, other, draw.normal(2, grid.tokens, DIM), grid


def outputs(ours: Any, other: Any, x: Array, grid: Grid) -> float:
    """Compare what attention returns."""
    found = value(lambda x: other(x, grid), x)
    return relative_error(found, value(lambda x: ours(x, grid), x))


def projected(layer: Any, name: str, x: Array, grid: Grid) -> Array:
    """Return q, k or v as tokens."""

    def run(x: Tensor) -> Tensor:
        tokens, _ = getattr(layer, f"conv_proj_{name}")(x, grid)
        return getattr(layer, f"proj_{name}")(tokens)

    return value(run, x)


def tokens_apart(draw: Draw, which: slice) -> list[float]:
    """Compare some tokens of q, k and v, folded into the Linear."""
    ours, other, x, grid = both(draw, folded_behind, 1)
    return [
        relative_error(
            projected(other, name, x, grid)[:, which],
            projected(ours, name, x, grid)[:, which],
        )
        for name in "qkv"
    ]


@FAMILY.equal(
    "Into the depthwise convolution, with a bias: exact.", "BN(D(w) x) = D(g w) x + h"
)
def before(draw: Draw) -> float:
    """The class token passes both by."""
    return outputs(*both(draw, folded_before, draw.size(0, 2)))


@FAMILY.equal(
    "Into the Linear: right for the places.", "W BN(y) + b = (W diag g) y + (b + W h)"
)
def behind(draw: Draw) -> float:
    """Those went through BatchNorm."""
    return max(tokens_apart(draw, slice(1, None)))


@FAMILY.unequal("Into the Linear: wrong for the class token.", "the same: y is no BN's")
def class_token(draw: Draw) -> float:
    """That one did not."""
    return min(tokens_apart(draw, slice(0, 1)))


@FAMILY.unequal("So all tokens are wrong, as all look at it.", "A'(x) != A(x)")
def output(draw: Draw) -> float:
    """With a class token."""
    return outputs(*both(draw, folded_behind, 1))


@FAMILY.equal("Without a class token that is right too.", "A'(x) = A(x)")
def output_without(draw: Draw) -> float:
    """Nothing passes by."""
    return outputs(*both(draw, folded_behind, 0))


@FAMILY.unequal("In training neither is the same.", "sigma and mean are the batch's")
def in_training(draw: Draw) -> float:
    """There is nothing to fold beforehand."""
    ours, other, x, grid = both(draw, folded_before, 0)
    return outputs(ours.train(), other.train(), x, grid)
