"""CvT's attention and block written again in PyTorch, from parameters by name."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from minicvt.grid import Grid
from tests.nn.comparing import Leaves
from tests.oracle import nchw, nhwc


def part(leaves: Leaves, name: str) -> Leaves:
    """Parameters of a submodule."""
    return {
        key.removeprefix(f"{name}."): leaf
        for key, leaf in leaves.items()
        if key.startswith(f"{name}.")
    }


def on_map(function, tokens: torch.Tensor, grid: Grid) -> torch.Tensor:
    """Apply ``function`` to the map ``(B, C, H, W)`` behind the special tokens."""
    special, places = tokens[:, : grid.special], tokens[:, grid.special :]
    shape = (len(tokens), grid.height, grid.width, tokens.shape[2])
    y = nhwc(function(nchw(places.reshape(shape))))
    return torch.cat([special, y.flatten(1, 2)], 1)


def dw_bn(leaves: Leaves, x: torch.Tensor, grid: Grid, stride: int) -> torch.Tensor:
    """Depthwise convolution, then BatchNorm with the statistics of the batch."""

    def filtered(x: torch.Tensor) -> torch.Tensor:
        weight, bn = leaves["conv.weight"], part(leaves, "bn")
        y = F.conv2d(x, weight, stride=stride, padding=1, groups=x.shape[1])
        return F.batch_norm(y, None, None, bn["weight"], bn["bias"], training=True)

    return on_map(filtered, x, grid)


def avg(leaves: Leaves, x: torch.Tensor, grid: Grid, stride: int) -> torch.Tensor:
    """Average pooling; padding counts, and the last window may hang over."""
    pool = torch.nn.AvgPool2d(3, stride, padding=1, ceil_mode=True)
    return on_map(pool, x, grid)


def dense(leaves: Leaves, x: torch.Tensor, grid: Grid, stride: int) -> torch.Tensor:
    """A full convolution, of a special token as of a map of one pixel."""
    weight, bias = leaves["weight"], leaves["bias"]
    special = [
        F.conv2d(x[:, i, :, None, None], weight, bias, stride, padding=1)[:, :, 0, 0]
        for i in range(grid.special)
    ]
    y = on_map(lambda x: F.conv2d(x, weight, bias, stride, padding=1), x, grid)
    return torch.stack([*special, *y[:, grid.special :].unbind(1)], 1)


def project(
    leaves: Leaves, x: torch.Tensor, grid: Grid, name: str, method: str, stride: int
) -> torch.Tensor:
    """Return q, k or v before it is split into heads."""
    source = part(leaves, f"conv_proj_{name}")
    if method == "dense":
        return dense(source, x, grid, stride)
    if method == "dw_bn":
        x = dw_bn(source, x, grid, stride)
    if method == "avg" and name != "q":
        x = avg(source, x, grid, stride)
    linear = part(leaves, f"proj_{name}")
    return F.linear(x, linear["weight"], linear.get("bias"))


def attention(
    leaves: Leaves,
    x: torch.Tensor,
    grid: Grid,
    *,
    heads: int,
    method: str,
    stride: int,
    scale: float,
) -> torch.Tensor:
    """PyTorch's own scaled dot-product attention between our projections."""
    q, k, v = (
        project(leaves, x, grid, name, method, stride if name != "q" else 1)
        .unflatten(2, (heads, -1))
        .transpose(1, 2)
        for name in "qkv"
    )
    y = F.scaled_dot_product_attention(q, k, v, scale=scale)
    return F.linear(
        y.transpose(1, 2).flatten(2), leaves["proj.weight"], leaves["proj.bias"]
    )


def block(leaves: Leaves, x: torch.Tensor, grid: Grid, **options) -> torch.Tensor:
    """x + attention(LN(x)), then x + mlp(LN(x)) with the exact GELU."""

    def norm(name: str, x: torch.Tensor) -> torch.Tensor:
        own = part(leaves, name)
        return F.layer_norm(x, x.shape[-1:], own["weight"], own["bias"])

    def linear(name: str, x: torch.Tensor) -> torch.Tensor:
        own = part(leaves, name)
        return F.linear(x, own["weight"], own["bias"])

    x = x + attention(part(leaves, "attn"), norm("norm1", x), grid, **options)
    return x + linear("mlp.fc2", F.gelu(linear("mlp.fc1", norm("norm2", x))))
