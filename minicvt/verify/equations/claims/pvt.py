"""PVT, section 3.3: what spatial reduction is, and what it saves."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial

from minicvt.grid import Grid
from minicvt.kernels.types import Array
from minicvt.nn import Attention
from minicvt.nn.projection import SpatialReduction
from minicvt.tensor import Tensor
from minicvt.verify.equations.claim import claim, fixed
from minicvt.verify.equations.claims.cvt_strides import PRODUCTS
from minicvt.verify.equations.pieces import Ran, layer, ran
from minicvt.verify.equations.probe import apart, drawn, tokens_on
from minicvt.verify.equations.row import Row, failing

ORDER, DIVIDES = "columns go channel, row, column", "R divides H and W"
STAGES = ((56, 64, 8), (28, 128, 4), (14, 320, 2), (7, 512, 1))
"""Side of the map, channels and R of PVT's stages at 224."""


def reshaped(x: Array, side: int, channel_first: bool) -> Array:
    """Reshape(x, R) of equation 3: tokens ``(1, HW/R^2, R^2 C)``."""
    _, height, width, c = x.shape
    cut = x.reshape(height // side, side, width // side, side, c)
    axes = (0, 2, 4, 1, 3) if channel_first else (0, 2, 1, 3, 4)
    return cut.transpose(axes).reshape(1, -1, side * side * c)


@claim(
    "pvt-eq3",
    "section 3.3, equation 3",
    r"\mathrm{SR}(x) = \mathrm{Norm}(\mathrm{Reshape}(x, R) W^S)",
    "Spatial reduction is a Linear of R x R tokens laid end to end, then LayerNorm; "
    "the code has a convolution.",
    expected="exact iff",
    conditions=(ORDER,),
    why="With kernel and stride R both are the same, if W^S has the convolution's "
    "weights in their own order, channel first.",
)
@fixed
def reduction() -> Iterator[Row]:
    """Compare the library's convolution with the equation."""
    for height, width, side in ((4, 6, 2), (8, 4, 4)):
        grid, x = tokens_on(height, width, 0, 8)
        part = drawn(partial(SpatialReduction, 8, side, 1e-5))
        made, weight = part(Tensor(x), grid)[0], part.conv.weight.numpy().reshape(8, -1)
        for first in (True, False):
            columns = reshaped(x.reshape(1, height, width, 8), side, first)
            written = part.norm(Tensor(columns @ weight.T) + part.conv.bias)
            at = f"{height} x {width}, R = {side}: largest difference"
            yield Row(at, 0.0, apart(made, written), failing({ORDER: first}))


@claim(
    "pvt-eq1",
    "section 3.3, equation 1",
    r"\mathrm{Concat}(\mathrm{head}_0, \ldots, \mathrm{head}_{N_i}) W^O,\quad "
    r"d_{\mathrm{head}} = C_i / N_i,\quad W^O \in \mathbb{R}^{C_i \times C_i}",
    "The heads from 0 to N, each C / N wide, together are as wide as W^O's C rows.",
    expected="contradicted",
    why="From 0 to N they are N + 1 heads. It should be 1 to N, or 0 to N - 1.",
)
@fixed
def heads() -> Iterator[Row]:
    """Look at how wide W^O is in an executed model."""
    model = ran("pvt-small").model
    for index, stage in enumerate(model.stages):
        attn = stage.blocks[0].attn
        width = attn.proj.weight.shape[1]
        said = (attn.heads + 1) * (width // attn.heads)
        yield Row(f"stage {index + 1}, N = {attn.heads}: channels", said, width)


def reduced(size: tuple[int, int], dim: int, r: int) -> Ran:
    """Run PVT's attention with reduction ``r``; 1 is multi-head attention."""
    make = partial(Attention, dim, dim // 64, "sr", r, scale="head_dim")
    grid = Grid(*size)
    return layer(make, grid.tokens, dim, grid=grid)


@claim(
    "pvt-R2",
    "section 3.3, below equation 4",
    r"\frac{\mathrm{cost}(\mathrm{MHA})}{\mathrm{cost}(\mathrm{SRA})} = R_i^2",
    "Computational and memory costs of the attention operation are R^2 times lower "
    "than those of multi-head attention.",
    expected="exact iff",
    conditions=(PRODUCTS, DIVIDES),
    why="The layer has the projections of q and of the output, and a dense R x R "
    "convolution whose cost does not depend on R; its weights make the layer's "
    "parameters R^2 + 4 times C^2 instead of 4.",
)
@fixed
def savings() -> Iterator[Row]:
    """Count products, scores, layers and parameters of executed attention."""
    for side, dim, r in STAGES:
        full, less = reduced((side, side), dim, 1), reduced((side, side), dim, r)
        at, scope = f"{side} x {side}, C = {dim}, R = {r}", failing({PRODUCTS: r == 1})
        yield Row(
            f"products, {at}", r * r, times(full.products, less.products), unit="x"
        )
        scores = times(full.products // dim, less.products // dim)
        yield Row(f"numbers in q k^T, {at}", r * r, scores, unit="x")
        yield Row(f"layer, {at}", r * r, times(full.macs, less.macs), scope, "x")
        weights = times(full.parameters, less.parameters)
        yield Row(f"parameters, {at}", r * r, weights, scope, "x")
    odd = [reduced((13, 9), 64, r) for r in (1, 2)]
    ratio = times(odd[0].products, odd[1].products)
    yield Row(
        "products, 13 x 9, C = 64, R = 2", 4, ratio, failing({DIVIDES: False}), "x"
    )


def times(before: int, after: int) -> Fraction:
    """How many times less."""
    return Fraction(before, after)


CLAIMS = (
    heads,
    reduction,
    savings,
)
