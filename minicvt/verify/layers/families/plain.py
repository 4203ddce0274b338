"""Linear, convolutions, norms, what drops, the embedding, and MLPs on each token."""

from __future__ import annotations

from typing import Any

from minicvt.grid import Grid
from minicvt.nn import (
    MLP,
    BatchNorm2d,
    Conv2d,
    ConvEmbed,
    Dropout,
    DropPath,
    Init,
    LayerNorm,
    Linear,
    Pointwise,
)
from minicvt.nn.feed_forward import NoNorm
from minicvt.tensor import Tensor
from minicvt.verify.layers.drawing import of
from minicvt.verify.layers.entry import layer
from minicvt.verify.layers.peer import Peer
from minicvt.verify.layers.theirs.blocks import mlp
from minicvt.verify.operations.samples import Draw, Sample
from minicvt.verify.oracle import to_torch

SMOOTH = ("gelu", "gelu_tanh", "quick_gelu", "silu")
"""Activations without a corner, which differences would step over."""


@layer("Linear", Linear, lambda own, x, **_: own.linear(x))
def _draw_linear(draw: Draw) -> Sample:
    wide, out = draw.size(), draw.size(1, 6)
    made = {"in_features": wide, "out_features": out, "bias": draw.one_of(True, False)}
    return of(draw, Linear, made, draw.normal(*draw.shape(0, 3), wide))


@layer("Pointwise", Pointwise, lambda own, x, **_: own.linear(x))
def _draw_pointwise(draw: Draw) -> Sample:
    made = {"in_channels": draw.size(), "out_channels": draw.size(1, 6)}
    x = draw.normal(draw.batch(), draw.size(), draw.size(), made["in_channels"])
    return of(draw, Pointwise, made, x)


def _conv2d(
    own: Peer, x: Any, *, stride: Any, padding: Any, groups: int, **_: Any
) -> Any:
    return own.conv2d(x, stride=stride, padding=padding, groups=groups)


@layer("Conv2d", Conv2d, _conv2d)
def _draw_conv2d(draw: Draw) -> Sample:
    window, groups = draw.window(), draw.one_of(1, 2, 3)
    kernel, depth = window.pop("kernel"), draw.size(1, 2)
    out = groups * (1 if depth == 1 else draw.size(1, 3))  # one each: depthwise
    made = {"in_channels": groups * depth, "out_channels": out, "groups": groups}
    made |= {"kernel_size": kernel, "bias": draw.one_of(True, False), **window}
    x = draw.normal(*draw.map(kernel, window["padding"], groups * depth))
    return of(draw, Conv2d, made, x)


@layer("LayerNorm", LayerNorm, lambda own, x, eps, **_: own.layer_norm(x, eps))
def _draw_layer_norm(draw: Draw) -> Sample:
    x = draw.normal(*draw.shape(0, 3), draw.size(3, 8))
    made = {"dim": x.shape[-1], "eps": draw.one_of(1e-5, 1e-3)}
    return of(draw, LayerNorm, made, x)


def _batch_norm(own: Peer, x: Any, *, eps: float, momentum: float, **_: Any) -> Any:
    return own.batch_norm(x, eps, momentum)


def _list_batch_norm(name: str, training: bool) -> None:
    @layer(f"BatchNorm2d, {name}", BatchNorm2d, _batch_norm)
    def _draw(draw: Draw) -> Sample:
        x = draw.normal(draw.size(1, 3), draw.size(2, 4), draw.size(2, 5), draw.size())
        made = {"dim": x.shape[-1], "eps": draw.one_of(1e-5, 1e-3)}
        made["momentum"] = draw.one_of(0.1, 0.3)
        return of(draw, BatchNorm2d, made, x, training=training)


for name, training in (("training", True), ("evaluation", False)):
    _list_batch_norm(name, training)


@layer("NoNorm", NoNorm, lambda own, x, **_: x)
def _draw_no_norm(draw: Draw) -> Sample:
    return of(draw, NoNorm, {"dim": 3}, draw.normal(draw.batch(), draw.size(), 2, 3))


def _list_dropping(make: type[Dropout]) -> None:
    def masked(own: Peer, x: Any, *, p: float, **_: Any) -> Any:
        """Let PyTorch multiply by the mask that the layer draws from its seed."""
        dropping = make(p, init=Init(_dtype(x)))
        like = Tensor(x.detach().numpy())
        mask = dropping.mask(dropping.mask_shape(like), like)
        return x * to_torch(own.torch, mask) if own.training and p else x

    @layer(make.__name__, make, masked)
    def _draw(draw: Draw) -> Sample:
        x, made = draw.normal(*draw.shape(1, 3)), {"p": draw.one_of(0.0, 0.3, 0.5)}
        return of(draw, make, made, x, training=draw.one_of(True, False))


def _dtype(x: Any) -> str:
    return str(x.dtype).removeprefix("torch.")


for dropping in (Dropout, DropPath):
    _list_dropping(dropping)


def _conv_embed(
    own: Peer, x: Any, *, stride: Any, padding: Any, eps: float | None, **_: Any
) -> Any:
    y = own["proj"].conv2d(x, stride=stride, padding=padding)
    return y if eps is None else own["norm"].layer_norm(y, eps)


@layer("ConvEmbed", ConvEmbed, _conv_embed)
def _draw_conv_embed(draw: Draw) -> Sample:
    window, channels = draw.window(), draw.size(1, 3)
    x = draw.normal(*draw.map(window["kernel"], window["padding"], channels))
    made = {"in_chans": channels, "dim": draw.size(3, 5), **window}
    made["eps"] = draw.one_of(1e-5, 1e-3, None)
    return of(draw, ConvEmbed, made, x)


@layer("MLP", MLP, mlp)
def _draw_mlp(draw: Draw) -> Sample:
    grid = Grid(draw.size(1, 3), draw.size(1, 3), draw.size(0, 2))
    dim, activation = draw.size(2, 4), draw.one_of(*SMOOTH)
    made = {"dim": dim, "hidden": draw.size(2, 6), "activation": activation}
    x = draw.normal(draw.batch(), grid.tokens, dim)
    return of(draw, MLP, made, x, grid=grid)
