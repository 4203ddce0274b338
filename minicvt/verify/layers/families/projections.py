"""What feeds q, k and v, and the local perception unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicvt.grid import Grid
from minicvt.nn import Module
from minicvt.nn.block import LocalPerception
from minicvt.nn.projection import (
    AvgPool,
    Dense,
    DepthwiseBN,
    DepthwiseReduction,
    Identity,
    SpatialReduction,
)
from minicvt.verify.layers.applying import Make
from minicvt.verify.layers.drawing import STATISTICS, of
from minicvt.verify.layers.entry import layer
from minicvt.verify.layers.theirs import projections
from minicvt.verify.layers.theirs.blocks import local
from minicvt.verify.operations.samples import Draw, Sample


def any_grid(draw: Draw) -> Grid:
    """Draw rows, columns and special tokens; a reduction by 3 leaves some."""
    return Grid(draw.size(3, 5), draw.size(3, 6), draw.one_of(0, 1, 2))


def tokens_on(draw: Draw, grid: Grid, dim: int) -> Any:
    """Draw tokens for it, two samples."""
    return draw.normal(2, grid.tokens, dim)


def _first(function: Callable[..., Any]) -> Callable[..., Any]:
    """Leave the grid out: it is checked by how many tokens there are."""
    return lambda own, x, **options: function(own, x, **options)[0]


def _bare(kind: Callable[..., Module]) -> Make:
    """Make a layer that has no parameters, and so nothing to start."""
    return lambda init, **options: kind(**options)


@layer("Identity", _bare(Identity), lambda own, x, **_: x)
def _draw_identity(draw: Draw) -> Sample:
    grid = any_grid(draw)
    return of(draw, _bare(Identity), {}, tokens_on(draw, grid, 3), grid=grid)


@layer("AvgPool", _bare(AvgPool), _first(projections.avg))
def _draw_avg_pool(draw: Draw) -> Sample:
    grid, made = any_grid(draw), {"stride": draw.size(1, 3)}
    return of(draw, _bare(AvgPool), made, tokens_on(draw, grid, 3), grid=grid)


@layer("DepthwiseBN", DepthwiseBN, _first(projections.dw_bn))
def _draw_depthwise_bn(draw: Draw) -> Sample:
    grid, made = any_grid(draw), {"dim": draw.size(2, 4), "stride": draw.size(1, 2)}
    x, training = tokens_on(draw, grid, made["dim"]), draw.one_of(*STATISTICS)
    return of(draw, DepthwiseBN, made, x, grid=grid, training=training)


@layer("Dense", Dense, _first(projections.dense))
def _draw_dense(draw: Draw) -> Sample:
    grid, made = any_grid(draw), {"dim": draw.size(2, 4), "stride": draw.size(1, 3)}
    return of(draw, Dense, made, tokens_on(draw, grid, made["dim"]), grid=grid)


@layer("SpatialReduction", SpatialReduction, _first(projections.sr))
def _draw_spatial_reduction(draw: Draw) -> Sample:
    grid, dim, reduction = any_grid(draw), draw.size(3, 5), draw.size(1, 3)
    made = {"dim": dim, "reduction": reduction, "eps": draw.one_of(1e-5, 1e-3)}
    return of(draw, SpatialReduction, made, tokens_on(draw, grid, dim), grid=grid)


@layer("DepthwiseReduction", DepthwiseReduction, _first(projections.dw_sr))
def _draw_depthwise_reduction(draw: Draw) -> Sample:
    r = draw.size(2, 3)  # by 1 it scales a channel, which BatchNorm does not see
    grid = Grid(2 * r + draw.size(0, 2), 2 * r + draw.size(0, 1), draw.one_of(0, 1))
    made = {"dim": draw.size(2, 4), "reduction": r}
    x, training = tokens_on(draw, grid, made["dim"]), draw.one_of(*STATISTICS)
    zero = ("conv.bias",) if training else ()  # the mean takes it away again
    kind = DepthwiseReduction
    return of(draw, kind, made, x, grid=grid, training=training, zero=zero)


@layer("LocalPerception", LocalPerception, local)
def _draw_local(draw: Draw) -> Sample:
    grid, dim = any_grid(draw), draw.size(2, 4)
    return of(
        draw, LocalPerception, {"dim": dim}, tokens_on(draw, grid, dim), grid=grid
    )
