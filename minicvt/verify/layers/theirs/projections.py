"""What q, k and v are linear maps of, in PyTorch."""

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
