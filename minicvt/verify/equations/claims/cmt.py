"""CMT, section 3.3: what a block costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial

from minicvt.grid import Grid
from minicvt.models import variant
from minicvt.models.stage import make_block
from minicvt.nn import MLP, Attention, Block, Init, Module
from minicvt.nn.projection import DepthwiseReduction, SpatialReduction
from minicvt.verify.equations.claim import claim, fixed
from minicvt.verify.equations.pieces import Ran, layer
from minicvt.verify.equations.reading import About
from minicvt.verify.equations.row import Row, failing

STAGES = tuple(zip((56, 28, 14, 7), (64, 128, 256, 512), (8, 4, 2, 1), strict=True))
"""Side, channels and k of CMT-S's stages at 224."""
UNREDUCED = "k = 1"
CLOSE = 0.002
"""What the complexity of a block may leave out: two in a thousand."""


def transformer(n: int, d: int, ratio: int = 4) -> Ran:
    """Run a standard transformer block on n x n tokens of d channels."""

    def make(init: Init) -> Block:
        attn = Attention(d, d // 64, "linear", 1, "head_dim", init=init)
        return Block(d, attn, MLP(d, ratio * d, init=init), init=init)

    return layer(make, n * n, d, grid=Grid(n, n))


@claim(
    "cmt-transformer",
    "section 3.3",
    r"\mathcal{O}(\text{Transformer block}) = 12 n d^2 + 2 n^2 d",
    "A block on n tokens of d channels takes 12nd^2 + 2n^2d multiply-adds.",
)
@fixed
def standard() -> Iterator[Row]:
    """Count executed blocks, and their two halves."""
    for side, d in ((7, 64), (14, 192), (14, 384), (28, 128), (56, 64)):
        n, made, at = side * side, transformer(side, d), f"n = {side * side}, d = {d}"
        mhsa, ffn = 4 * n * d * d + 2 * n * n * d, 8 * n * d * d
        yield Row(f"MHSA, {at}", mhsa, made.within("attn."))
        yield Row(f"FFN, {at}", ffn, made.within("mlp."))
        yield Row(f"block, {at}", 12 * n * d * d + 2 * n * n * d, made.macs)


def block(stage: int) -> Ran:
    """Run a block of CMT-S."""
    side, d, _ = STAGES[stage]
    config = variant("cmt-s")
    made = partial(make_block, config, stage, 0.0)  # type: ignore[arg-type]
    return layer(made, side * side, d, grid=Grid(side, side))


@claim(
    "cmt-LPU",
    "section 3.3",
    r"\mathcal{O}(\mathrm{LPU}) = 9 n d",
    "A local perception unit takes 9nd multiply-adds.",
)
@fixed
def perception() -> Iterator[Row]:
    """Count it in executed blocks."""
    for stage, (side, d, _) in enumerate(STAGES):
        n = side * side
        yield Row(f"n = {n}, d = {d}", 9 * n * d, block(stage).within("local."))


@claim(
    "cmt-LMHSA",
    "section 3.3",
    r"\mathcal{O}(\mathrm{LMHSA}) = 2 n d^2 (1 + 1/k^2) + 2 n^2 d / k^2",
    "Lightweight attention takes this many multiply-adds.",
    expected="exact iff",
    conditions=(UNREDUCED,),
    why="For k > 1 it leaves out the depthwise convolution that reduces: (n / k^2) "
    "windows of k^2 numbers in d channels, and so nd.",
)
@fixed
def attention() -> Iterator[Row]:
    """Count it in executed blocks."""
    for stage, (side, d, k) in reversed(list(enumerate(STAGES))):
        n = side * side
        said = 2 * n * d * d * (k * k + 1) // (k * k) + 2 * n * n * d // (k * k)
        missing = failing({UNREDUCED: k == 1})
        at = f"n = {n}, d = {d}, k = {k}"
        yield Row(at, said, block(stage).within("attn."), missing)


@claim(
    "cmt-IRFFN",
    "section 3.3",
    r"\mathcal{O}(\mathrm{IRFFN}) = 8 n d^2 + 36 n d",
    "An inverted residual feed-forward network takes 8nd^2 + 36nd multiply-adds.",
    why="With an expansion of 4, as in CMT-S and CMT-B; Ti and XS have less.",
)
@fixed
def feed_forward() -> Iterator[Row]:
    """Count it in executed blocks."""
    for stage, (side, d, _) in enumerate(STAGES):
        n = side * side
        said = 8 * n * d * d + 36 * n * d
        yield Row(f"n = {n}, d = {d}", said, block(stage).within("mlp."))


@claim(
    "cmt-eq16",
    "section 3.3, equation 16",
    r"\mathcal{O}(\text{CMT block}) = 10 n d^2 (1 + 0.2/k^2) + 2 n^2 d/k^2 + 45 n d",
    "A CMT block takes this many multiply-adds.",
    reading=About(CLOSE),
    expected="approximate",
    why="Off by the nd of cmt-LMHSA where k > 1, exact in the last stage.",
)
@fixed
def whole_block() -> Iterator[Row]:
    """Count executed blocks."""
    for stage, (side, d, k) in enumerate(STAGES):
        n, r = side * side, Fraction(1, k * k)
        said = 10 * n * d * d * (1 + r / 5) + 2 * n * n * d * r + 45 * n * d
        yield Row(f"n = {n}, d = {d}, k = {k}", said, block(stage).macs)


@claim(
    "cmt-PVT",
    "official code, a comment on its attention",
    r"\text{SR}_{\text{CMT}} = \text{SR}_{\text{PVT}}",
    "Its spatial reduction is exactly the same as in PVTv1.",
    expected="contradicted",
    why="PVT reduces with a dense convolution and LayerNorm, CMT with a depthwise one "
    "and BatchNorm.",
)
@fixed
def reductions() -> Iterator[Row]:
    """Count the parameters of both reductions."""
    for side, d, k in STAGES[:3]:
        pvt = reducing(partial(SpatialReduction, d, k, 1e-5), side, d)
        cmt = reducing(partial(DepthwiseReduction, d, k), side, d)
        yield Row(f"parameters, d = {d}, k = {k}", pvt.parameters, cmt.parameters)


def reducing(make: Callable[..., Module], side: int, d: int) -> Ran:
    """Run one reduction on a map."""
    grid = Grid(side, side)
    return layer(make, grid.tokens, d, grid=grid)


CLAIMS = (
    standard,
    perception,
    attention,
    feed_forward,
    whole_block,
    reductions,
)
