"""Projections, attention by every projection, feed-forward parts, blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicvt.grid import Grid
from minicvt.nn import Attention, Block, ConvMLP, Init, Module, feed_forward
from minicvt.nn.block import LocalPerception
from minicvt.nn.projection import (
    METHODS,
    AvgPool,
    Dense,
    DepthwiseBN,
    DepthwiseReduction,
    Identity,
    SpatialReduction,
    key_grid,
)
from minicvt.verify.layers import reference
from minicvt.verify.layers.entry import Make, layer, of
from minicvt.verify.layers.stems import STATISTICS
from minicvt.verify.operations.samples import Draw, Sample


def _grid(draw: Draw) -> Grid:
    """Draw rows, columns and special tokens; a reduction by 3 leaves some."""
    return Grid(draw.size(3, 5), draw.size(3, 6), draw.one_of(0, 1, 2))


def _tokens(draw: Draw, grid: Grid, dim: int) -> Any:
    return draw.normal(2, grid.tokens, dim)


def _first(function: Callable[..., Any]) -> Callable[..., Any]:
    """Leave the grid out: it is checked by how many tokens there are."""
    return lambda own, x, **options: function(own, x, **options)[0]


def _bare(kind: Callable[..., Module]) -> Make:
    """Make a layer that has no parameters, and so nothing to start."""
    return lambda init, **options: kind(**options)


@layer("Identity", _bare(Identity), lambda own, x, **_: x)
def _draw_identity(draw: Draw) -> Sample:
    grid = _grid(draw)
    return of(draw, _bare(Identity), {}, _tokens(draw, grid, 3), grid=grid)


@layer("AvgPool", _bare(AvgPool), _first(reference.avg))
def _draw_avg_pool(draw: Draw) -> Sample:
    grid, made = _grid(draw), {"stride": draw.size(1, 3)}
    return of(draw, _bare(AvgPool), made, _tokens(draw, grid, 3), grid=grid)


@layer("DepthwiseBN", DepthwiseBN, _first(reference.dw_bn))
def _draw_depthwise_bn(draw: Draw) -> Sample:
    grid, made = _grid(draw), {"dim": draw.size(2, 4), "stride": draw.size(1, 2)}
    x, training = _tokens(draw, grid, made["dim"]), draw.one_of(*STATISTICS)
    return of(draw, DepthwiseBN, made, x, grid=grid, training=training)


@layer("Dense", Dense, _first(reference.dense))
def _draw_dense(draw: Draw) -> Sample:
    grid, made = _grid(draw), {"dim": draw.size(2, 4), "stride": draw.size(1, 3)}
    return of(draw, Dense, made, _tokens(draw, grid, made["dim"]), grid=grid)


@layer("SpatialReduction", SpatialReduction, _first(reference.sr))
def _draw_spatial_reduction(draw: Draw) -> Sample:
    grid, dim, reduction = _grid(draw), draw.size(3, 5), draw.size(1, 3)
    made = {"dim": dim, "reduction": reduction, "eps": draw.one_of(1e-5, 1e-3)}
    return of(draw, SpatialReduction, made, _tokens(draw, grid, dim), grid=grid)


@layer("DepthwiseReduction", DepthwiseReduction, _first(reference.dw_sr))
def _draw_depthwise_reduction(draw: Draw) -> Sample:
    r = draw.size(2, 3)  # by 1 it scales a channel, which BatchNorm does not see
    grid = Grid(2 * r + draw.size(0, 2), 2 * r + draw.size(0, 1), draw.one_of(0, 1))
    made = {"dim": draw.size(2, 4), "reduction": r}
    x, training = _tokens(draw, grid, made["dim"]), draw.one_of(*STATISTICS)
    zero = ("conv.bias",) if training else ()  # the mean takes it away again
    kind = DepthwiseReduction
    return of(draw, kind, made, x, grid=grid, training=training, zero=zero)


@layer("LocalPerception", LocalPerception, reference.local)
def _draw_local(draw: Draw) -> Sample:
    grid, dim = _grid(draw), draw.size(2, 4)
    return of(draw, LocalPerception, {"dim": dim}, _tokens(draw, grid, dim), grid=grid)


def _attending(draw: Draw, projection: str) -> dict[str, Any]:
    """Draw the options of an attention: four channels in one, two or four heads."""
    shared = draw.one_of("none", "kv", "qkv") if projection == "dw_bn" else "none"
    return {
        "dim": 4,
        "heads": draw.one_of(1, 2, 4),
        "projection": projection,
        "kv_stride": draw.size(1, 2),
        "shared": shared,
        "scale": draw.one_of("dim", "head_dim"),
        "eps": draw.one_of(1e-5, 1e-3),
    }


def _unseen(made: dict[str, Any], grid: Grid, training: bool) -> tuple[str, ...]:
    """Return the parameters that a softmax cannot see: they shift all scores alike.

    And those whose effect the mean of the batch takes away again.
    """
    reduces = made["projection"] == "dw_sr" and made["kv_stride"] > 1
    reduced = ("conv_proj_kv.conv.bias",) if reduces and training else ()
    alike = () if grid.special else ("conv_proj_k.bn.bias",)
    return ("proj_k.bias", "conv_proj_k.bias", *alike, *reduced)


def _list_attention(projection: str) -> None:
    @layer(f"Attention, {projection}", Attention, reference.attention)
    def _draw(draw: Draw) -> Sample:
        grid = Grid(4, draw.size(3, 5), draw.one_of(0, 1, 2))
        made = _attending(draw, projection)
        keys = key_grid(projection, made["kv_stride"], grid).tokens
        scores = (made["heads"], grid.tokens, keys)
        x, bias = _tokens(draw, grid, 4), draw.one_of(None, draw.normal(*scores))
        training = draw.one_of(*STATISTICS)
        zero = _unseen(made, grid, training)
        made["qkv_bias"] = draw.one_of(True, False)
        calling = {"grid": grid, "training": training}
        return of(draw, Attention, made, x, bias, zero=zero, **calling)


for projection in METHODS:
    _list_attention(projection)


MEANT_AWAY = {
    "mlp": (),
    "leff": ("fc1.bias", "conv.bias", "fc2.bias"),
    "irffn": ("bn2.bias", "fc2.bias"),
}
"""Parameters that shift what a BatchNorm then takes the mean away from, in training."""


def _list_conv_mlp(ffn: str) -> None:
    @layer(f"ConvMLP, {ffn}", ConvMLP, reference.conv_mlp)
    def _draw(draw: Draw) -> Sample:
        grid, training = _grid(draw), draw.one_of(*STATISTICS)
        made: dict[str, Any] = {"dim": draw.size(2, 3), "hidden": draw.size(3, 5)}
        made |= {"activation": draw.one_of("gelu", "silu"), "inverted": ffn == "irffn"}
        zero = MEANT_AWAY[ffn] if training else ()
        x = _tokens(draw, grid, made["dim"])
        return of(draw, ConvMLP, made, x, grid=grid, training=training, zero=zero)


for ffn in ("leff", "irffn"):
    _list_conv_mlp(ffn)


def make_block(
    dim: int,
    ffn: str,
    activation: str,
    drop_path: float,
    drop_sum: bool,
    norm_eps: float,
    local: bool,
    *,
    init: Init,
    **attending: Any,
) -> Block:
    """Build a block with its attention and its feed-forward part."""
    attn = Attention(dim, **attending, init=init)
    mlp = feed_forward(ffn, dim, 2 * dim, activation, init=init)
    return Block(dim, attn, mlp, drop_path, drop_sum, norm_eps, local, init=init)


def _list_block(paper: str, projection: str, ffn: str, local: bool) -> None:
    @layer(f"Block, {paper}", make_block, reference.block)
    def _draw(draw: Draw) -> Sample:
        grid = Grid(4, draw.size(3, 5), draw.one_of(0, 1))
        made = _attending(draw, projection)
        training = draw.one_of(*STATISTICS)
        rate = 0.0 if training else 0.5  # nothing is dropped in evaluation
        rest = {"ffn": ffn, "local": local, "drop_path": rate, "norm_eps": 1e-5}
        rest |= {"activation": "gelu", "drop_sum": draw.one_of(False, True)}
        zero = [f"attn.{name}" for name in _unseen(made, grid, training)]
        zero += [f"mlp.{name}" for name in MEANT_AWAY[ffn] if training]
        if ffn == "leff" and training and not grid.special:
            zero += ["norm2.bias"]  # all tokens shift alike, up to the first BatchNorm
        calling = {"grid": grid, "training": training}
        x = _tokens(draw, grid, 4)
        return of(draw, make_block, made | rest, x, zero=zero, **calling)


BLOCKS = {
    "CvT": ("dw_bn", "mlp", False),
    "ViT": ("linear", "mlp", False),
    "PVT": ("sr", "mlp", False),
    "CeiT": ("linear", "leff", False),
    "CMT": ("dw_sr", "irffn", True),
}
for paper, parts in BLOCKS.items():
    _list_block(paper, *parts)
