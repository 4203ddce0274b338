"""Attention, feed-forward parts and blocks, in PyTorch."""

from __future__ import annotations

from typing import Any

from minicvt.grid import Grid
from minicvt.verify.layers.peer import Peer
from minicvt.verify.layers.theirs.projections import on_map, sources


def attention(
    own: Peer,
    x: Any,
    bias: Any = None,
    *,
    heads: int,
    dim: int,
    scale: str,
    **options: Any,
) -> Any:
    """PyTorch's own scaled dot-product attention between our projections."""
    seen = sources(own, x, dim=dim, **options)

    def project(name: str) -> Any:
        dense = options["projection"] == "dense"
        y = seen[name] if dense else own[f"proj_{name}"].linear(seen[name])
        return y.unflatten(2, (heads, -1)).transpose(1, 2)

    factor = (dim if scale == "dim" else dim // heads) ** -0.5
    attend = own.functions.scaled_dot_product_attention
    y = attend(*map(project, "qkv"), attn_mask=bias, scale=factor)
    return own["proj"].linear(y.transpose(1, 2).flatten(2))


def mlp(own: Peer, x: Any, *, activation: str, **_: Any) -> Any:
    """Linear, activation, Linear."""
    return own["fc2"].linear(own.activation(activation, own["fc1"].linear(x)))


def conv_mlp(
    own: Peer, x: Any, *, grid: Grid, activation: str, inverted: bool, **_: Any
) -> Any:
    """CeiT's LeFF, or CMT's inverted residual one; norms only where there are any."""

    def norm(name: str, x: Any) -> Any:
        return x if own.get(f"{name}.weight") is None else own[name].batch_norm(x)

    def on_places(x: Any) -> Any:
        h, kernel = own["fc1"].linear(x), own.get("conv.weight").shape[-1]
        around = {"padding": kernel // 2, "groups": h.shape[-1]}
        if inverted:
            h = norm("bn1", own.activation(activation, h))
            z = own.activation(activation, own["conv"].conv2d(h, **around) + h)
            z = norm("bn2", z)
        else:
            h = own.activation(activation, norm("bn1", h))
            z = norm("bn2", own["conv"].conv2d(h, **around))
            z = own.activation(activation, z)
        return norm("bn3", own["fc2"].linear(z))

    return on_map(own, on_places, x, grid)[0]


def local(own: Peer, x: Any, *, grid: Grid, dim: int, **_: Any) -> Any:
    """x + depthwise convolution of x."""
    return on_map(own, lambda x: x + own.conv2d(x, padding=1, groups=dim), x, grid)[0]


def block(
    own: Peer,
    x: Any,
    bias: Any = None,
    *,
    grid: Grid,
    dim: int,
    ffn: str,
    activation: str,
    norm_eps: float,
    **options: Any,
) -> Any:
    """x + attention(LN(x)), then x + mlp(LN(x)); before both, perhaps neighbours."""
    if own.get("local.weight") is not None:
        x = local(own["local"], x, grid=grid, dim=dim)
    names = ("heads", "projection", "kv_stride", "shared", "scale", "eps")
    chosen = {key: options[key] for key in names}
    y = own["norm1"].layer_norm(x, norm_eps)
    x = x + attention(own["attn"], y, bias, grid=grid, dim=dim, **chosen)
    y = own["norm2"].layer_norm(x, norm_eps)
    if ffn == "mlp":
        return x + mlp(own["mlp"], y, activation=activation)
    inverted = ffn == "irffn"
    middle = conv_mlp(
        own["mlp"], y, grid=grid, activation=activation, inverted=inverted
    )
    return x + middle
