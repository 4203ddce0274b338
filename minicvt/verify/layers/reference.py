"""The papers' layers written again in PyTorch, from parameters by name.

Each takes the options its layer is made with. Maps are ``(B, H, W, C)``, tokens
``(B, n + HW, C)`` on a ``grid`` with n special ones in front.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicvt.grid import Grid
from minicvt.verify.layers.peer import Peer
from minicvt.verify.oracle import nchw, nhwc


def on_map(
    own: Peer, function: Callable[[Any], Any], tokens: Any, grid: Grid
) -> tuple[Any, Grid]:
    """Apply ``function`` to the map behind the special tokens, which pass by."""
    special, places = tokens[:, : grid.special], tokens[:, grid.special :]
    y = function(places.unflatten(1, (grid.height, grid.width)))
    after = Grid(y.shape[1], y.shape[2], grid.special)
    return own.torch.cat([special, y.flatten(1, 2)], 1), after


def dw_bn(own: Peer, x: Any, *, grid: Grid, dim: int, stride: int) -> tuple[Any, Grid]:
    """Depthwise convolution 3 x 3, then BatchNorm."""

    def filtered(x: Any) -> Any:
        y = own["conv"].conv2d(x, stride=stride, padding=1, groups=dim)
        return own["bn"].batch_norm(y)

    return on_map(own, filtered, x, grid)


def avg(own: Peer, x: Any, *, grid: Grid, stride: int, **_: Any) -> tuple[Any, Grid]:
    """Average pooling; padding counts, and the last window may hang over."""

    def pooled(x: Any) -> Any:
        pool = own.functions.avg_pool2d
        return nhwc(pool(nchw(own.torch, x), 3, stride, 1, ceil_mode=True))

    return on_map(own, pooled, x, grid)


def dense(own: Peer, x: Any, *, grid: Grid, stride: int, **_: Any) -> tuple[Any, Grid]:
    """A full convolution, of a special token as of a map of one pixel."""
    window = {"stride": stride, "padding": 1}
    tokens, after = on_map(own, lambda x: own.conv2d(x, **window), x, grid)
    special = [
        own.conv2d(x[:, i : i + 1, None], **window)[:, :, 0]
        for i in range(grid.special)
    ]
    return own.torch.cat([*special, tokens[:, grid.special :]], 1), after


def sr(
    own: Peer, x: Any, *, grid: Grid, reduction: int, eps: float, **_: Any
) -> tuple[Any, Grid]:
    """A dense convolution whose windows do not overlap, then LayerNorm."""

    def reduced(x: Any) -> Any:
        return own["norm"].layer_norm(own["conv"].conv2d(x, stride=reduction), eps)

    return on_map(own, reduced, x, grid)


def dw_sr(
    own: Peer, x: Any, *, grid: Grid, dim: int, reduction: int
) -> tuple[Any, Grid]:
    """A depthwise convolution whose windows do not overlap, then BatchNorm."""

    def reduced(x: Any) -> Any:
        y = own["conv"].conv2d(x, stride=reduction, groups=dim)
        return own["bn"].batch_norm(y)

    return on_map(own, reduced, x, grid)


def source(
    own: Peer, x: Any, method: str, role: str, *, grid: Grid, stride: int, **wide: Any
) -> tuple[Any, Grid]:
    """Return what q, k or v are linear maps of, and where its tokens lie."""
    stride = stride if role == "kv" else 1
    if method == "dw_bn":
        return dw_bn(own, x, grid=grid, stride=stride, dim=wide["dim"])
    if method == "dense":
        return dense(own, x, grid=grid, stride=stride)
    if role == "q" or method == "linear":
        return x, grid
    if method == "avg":
        return avg(own, x, grid=grid, stride=stride)
    if stride == 1:
        return x, grid
    if method == "sr":
        return sr(own, x, grid=grid, reduction=stride, eps=wide["eps"])
    return dw_sr(own, x, grid=grid, reduction=stride, dim=wide["dim"])


def sources(
    own: Peer, x: Any, *, projection: str, shared: str, kv_stride: int, **rest: Any
) -> dict[str, Any]:
    """Return q's, k's and v's; one convolution may serve two of them or all."""
    made = {"stride": kv_stride, **rest}
    if shared == "qkv":
        q, grid = source(own["conv_proj_qkv"], x, projection, "q", **made)
        kv, _ = on_map(own, lambda x: x[:, ::kv_stride, ::kv_stride], q, grid)
        return {"q": q, "k": kv, "v": kv}
    one = shared == "kv" or projection in ("sr", "dw_sr")
    names = {"q": "q", "k": "kv", "v": "kv"} if one else {n: n for n in "qkv"}
    roles = {name: "q" if name == "q" else "kv" for name in names.values()}
    found = {
        name: source(own[f"conv_proj_{name}"], x, projection, role, **made)[0]
        for name, role in roles.items()
    }
    return {name: found[shared_by] for name, shared_by in names.items()}


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
    """CeiT's LeFF, or CMT's inverted residual one."""

    def on_places(x: Any) -> Any:
        h = own["fc1"].linear(x)
        wide = {"padding": 1, "groups": h.shape[-1]}
        if inverted:
            h = own["bn1"].batch_norm(own.activation(activation, h))
            z = own.activation(activation, own["conv"].conv2d(h, **wide) + h)
            z = own["bn2"].batch_norm(z)
        else:
            h = own.activation(activation, own["bn1"].batch_norm(h))
            z = own["bn2"].batch_norm(own["conv"].conv2d(h, **wide))
            z = own.activation(activation, z)
        return own["bn3"].batch_norm(own["fc2"].linear(z))

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
