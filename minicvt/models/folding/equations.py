"""The equations of folding, each on the layers it changes.

All is computed in float64 and rounded once to the model's dtype.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt.grid import Grid
from minicvt.nn import Attention, BatchNorm2d, Conv2d, Linear, Module, Parameter
from minicvt.nn.projection import Dense
from minicvt.nn.tokens import flatten, unflatten
from minicvt.tensor import Tensor


def affine(bn: BatchNorm2d) -> tuple[Any, Any]:
    """Return g = gamma / sigma and h = beta - mean g: BN(y) = g y + h."""
    factor = _double(bn.weight) / np.sqrt(bn.running_var.astype(float) + bn.eps)
    return factor, _double(bn.bias) - bn.running_mean * factor


def normalise_after(layer: Any, bn: BatchNorm2d) -> None:
    """g (W x + b) + h = (g W) x + (g b + h), of a Linear or a convolution.

    Padding does no harm: it is zero before W, and W is linear.
    """
    g, h = affine(bn)
    rows = g.reshape(-1, *(1,) * (layer.weight.ndim - 1))
    _rewrite(layer, rows * _double(layer.weight), g * _bias(layer) + h)


def normalise_before(layer: Any, bn: BatchNorm2d) -> None:
    """W (g y + h) + b = (W diag(g)) y + (W h + b), of what :func:`takes_shifts`."""
    (g, h), weight = affine(bn), _double(layer.weight)
    rows = g.reshape(-1, *(1,) * (weight.ndim - 2))
    shift = weight.reshape(*weight.shape[:2], -1).sum(axis=2) @ h
    _rewrite(layer, rows * weight, shift + _bias(layer))


def takes_shifts(layer: Any) -> bool:
    """Whether W h is the same everywhere: of a Linear, or without padding.

    In a convolution that pads, windows over the border see h in fewer places.
    """
    if isinstance(layer, Conv2d):
        return layer.groups == 1 and layer.window["padding"] == (0, 0)
    return isinstance(layer, Linear)


class Filter(Module):
    """A depthwise convolution whose ``shift`` the Linear behind has in its bias.

    W (y + h) + b = W y + (W h + b). Special tokens pass the convolution by and have
    no h in them: they lose here what that Linear adds, W (x - h) + (W h + b) = W x + b.
    """

    def __init__(self, conv: Conv2d, shift: Parameter) -> None:
        self.conv, self.shift = conv, shift

    def forward(self, tokens: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """Filter the map; shift special tokens."""
        token_map, special = unflatten(tokens, grid)
        special = None if special is None else special - self.shift
        return flatten(self.conv(token_map), special)


def hand_on_shift(attention: Attention, source: str) -> None:
    """Move the bias of a projection's convolution to the Linears that it feeds."""
    conv = getattr(attention, f"conv_proj_{source}").conv
    shift = conv.bias
    for name in "qkv":
        if attention.shared[name] == source:
            linear = getattr(attention, f"proj_{name}")
            weight = _double(linear.weight)
            _rewrite(linear, weight, weight @ _double(shift) + _bias(linear))
    conv.bias = None
    setattr(attention, f"conv_proj_{source}", Filter(conv, shift))


def point_wise(attention: Attention, name: str) -> Any:
    """Return what has the weight and bias of q, k or v."""
    source = getattr(attention, f"conv_proj_{attention.shared[name]}")
    return source if isinstance(source, Dense) else getattr(attention, f"proj_{name}")


def scale_queries(linear: Any, scale: float) -> None:
    """scale (W x + b) k^T = ((scale W) x + scale b) k^T."""
    bias = None if linear.bias is None else scale * _double(linear.bias)
    _rewrite(linear, scale * _double(linear.weight), bias)


def move_value_bias(values: Any, output: Linear) -> None:
    """W (p (V + 1 b_v^T)) + b = W (p V) + (W b_v + b), as each row of p sums to 1."""
    weight = _double(output.weight)
    moved = weight @ _double(values.bias) + _bias(output)
    _rewrite(output, weight, moved)
    values.bias = None


def _double(parameter: Parameter) -> Any:
    return parameter.numpy().astype(float)


def _bias(layer: Any) -> Any:
    return 0.0 if layer.bias is None else _double(layer.bias)


def _rewrite(layer: Any, weight: Any, bias: Any) -> None:
    dtype = layer.weight.dtype
    layer.weight = Parameter.wrap(weight.astype(dtype))
    layer.bias = None if bias is None else Parameter.wrap(bias.astype(dtype))
