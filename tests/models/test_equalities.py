"""What the papers say in two ways is one thing: output and every gradient.

A part of ours beside the other way to write it, with the same weights. That a projected
soft split is a convolution, and kernel attention its explicit n x n kernel, is in
tests/nn/test_soft_split.py; that positions resize from half-pixel centres, clamped at
the edges, in tests/nn/test_resampling.py; that pooling pads with minus infinity in
tests/kernels/test_pooling.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minicvt import Tensor, ops
from minicvt.grid import Grid
from minicvt.models.ceit import LastAsks
from minicvt.nn import (
    Attention,
    ConvEmbed,
    Init,
    Module,
    Pointwise,
    flatten,
    merge_heads,
    unflatten,
)
from minicvt.nn.block import LocalPerception
from minicvt.nn.projection import DepthwiseReduction, SpatialReduction
from tests.nn.comparing import normal, scrambled
from tests.oracle import relative_error

Function = Callable[[Tensor], Tensor]


def made(kind: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Make a part in evaluation mode with weights that are no special case."""
    return scrambled(kind(*arguments, **options, init=Init("float64"))).eval()


def pulled(part: Module, function: Function, x: Any) -> dict[str, Any]:
    """Return the output, and all gradients of a random cotangent."""
    part.zero_grad()
    leaf = Tensor(x, requires_grad=True)
    output = function(leaf)
    output.backward(normal(*output.shape, seed=1))
    gradients = {name: p.grad for name, p in part.named_parameters()}
    return {"output": output.numpy(), "input": leaf.grad, **gradients}


def check_one_thing(part: Module, one: Function, other: Function, x: Any) -> None:
    ours, theirs = pulled(part, one, x), pulled(part, other, x)
    for name, value in theirs.items():
        assert value is not None, name
        assert relative_error(ours[name], value, floor=1e-2) <= 1e-13, name


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


def test_patch_embedding_is_a_linear_map_of_flat_patches():
    """ViT, equation 1: x_p E."""
    embed = made(ConvEmbed, 3, 5, 4, 4, 0, None)
    x = normal(2, 8, 12, 3)
    check_one_thing(embed, embed, lambda x: as_linear(embed.proj, patches(x, 4)), x)


def test_spatial_reduction_is_equation_3_of_pvt():
    """Norm(Reshape(x, R) W^S), columns in the order (channel, row, column)."""
    reduction, grid = made(SpatialReduction, 6, 2, 1e-5), Grid(4, 6)

    def written(x: Tensor) -> Tensor:
        token_map, _ = unflatten(x, grid)
        reshaped = patches(token_map, 2)
        return flatten(reduction.norm(as_linear(reduction.conv, reshaped)))[0]

    x = normal(2, grid.tokens, 6)
    check_one_thing(reduction, lambda x: reduction(x, grid)[0], written, x)


def test_a_pointwise_convolution_is_a_linear_map_of_each_token():
    layer = made(Pointwise, 6, 4)

    def convolved(x: Tensor) -> Tensor:
        return ops.conv2d(x, layer.weight.reshape(4, 6, 1, 1), layer.bias)

    check_one_thing(layer, layer, convolved, normal(2, 3, 5, 6))


def test_local_perception_is_one_convolution_with_one_more_in_the_centre():
    unit, grid = made(LocalPerception, 6), Grid(3, 5)
    centre = np.zeros((6, 1, 3, 3))
    centre[:, :, 1, 1] = 1

    def written(x: Tensor) -> Tensor:
        token_map, _ = unflatten(x, grid)
        convolved = ops.depthwise_conv2d(token_map, unit.weight + centre, padding=1)
        return flatten(convolved + unit.bias)[0]

    x = normal(2, grid.tokens, 6)
    check_one_thing(unit, lambda x: unit(x, grid), written, x)


def test_batch_norm_folds_into_the_reduction_before_it():
    """In evaluation: w' = w gamma / sigma, b' = (b - mean) gamma / sigma + beta."""
    reduction, grid = made(DepthwiseReduction, 6, 2), Grid(4, 6)
    bn, conv = reduction.bn, reduction.conv
    bn.running_mean, bn.running_var = normal(6), normal(6, seed=1) ** 2 + 0.5

    def folded(x: Tensor) -> Tensor:
        token_map, _ = unflatten(x, grid)
        factor = bn.weight / np.sqrt(bn.running_var + bn.eps)
        weight = conv.weight * factor.reshape(6, 1, 1, 1)
        y = ops.depthwise_conv2d(token_map, weight, stride=2)
        return flatten(y + (conv.bias - bn.running_mean) * factor + bn.bias)[0]

    x = normal(2, grid.tokens, 6)
    check_one_thing(reduction, lambda x: reduction(x, grid)[0], folded, x)


def test_three_linears_are_one_whose_rows_are_q_then_k_then_v():
    """Rows (3, heads, head_dim): head-major inside each."""
    attention, grid = made(Attention, 12, 3, "linear"), Grid(2, 4, 1)
    three = [getattr(attention, f"proj_{x}") for x in "qkv"]

    def fused(x: Tensor) -> Tensor:
        weight = ops.concatenate(*[one.weight for one in three], axis=0)
        bias = ops.concatenate(*[one.bias for one in three], axis=0)
        rows = ops.linear(x, weight, bias).reshape(*x.shape[:2], 3, 3, 4)
        q, k, v = (rows[:, :, i].transpose(0, 2, 1, 3) for i in range(3))
        return attention.proj(merge_heads(ops.attend(q, k, v, scale=attention.scale)))

    x = normal(2, grid.tokens, 12)
    check_one_thing(attention, lambda x: attention(x, grid), fused, x)


@pytest.mark.parametrize("method", ["linear", "sr", "dw_sr"])
def test_a_bias_of_the_keys_changes_nothing(method):
    """It adds q . b to all scores of a query, which softmax does not see."""
    attention, grid = made(Attention, 12, 3, method, 2), Grid(4, 6)
    x = normal(2, grid.tokens, 12)
    found = pulled(attention, lambda x: attention(x, grid), x)
    attention.proj_k.bias.assign(normal(12, seed=2))
    moved = pulled(attention, lambda x: attention(x, grid), x)
    assert relative_error(moved["output"], found["output"]) <= 1e-14
    largest = max(np.abs(value).max() for value in found.values())
    assert np.abs(found["proj_k.bias"]).max() <= 1e-14 * largest


def test_layer_wise_class_attention_is_the_last_row_of_all():
    """CeiT: one query costs L products where L queries cost L^2."""
    last, layers = made(LastAsks, 12, 3, "linear"), Grid(0, 0, 5)
    everyone = made(Attention, 12, 3, "linear")
    everyone.load_state_dict(last.state_dict())
    x = normal(2, layers.tokens, 12)
    ours = pulled(last, lambda x: last(x, layers), x)
    theirs = pulled(everyone, lambda x: everyone(x, layers)[:, -1:], x)
    for name, value in theirs.items():
        assert relative_error(ours[name], value, floor=1e-2) <= 1e-13, name
