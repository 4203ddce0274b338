"""Stems: image in, map out; and T2T's token layers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from minicvt.grid import Grid
from minicvt.nn.init import Init
from minicvt.nn.soft_split import SoftSplit
from minicvt.nn.stems import ConvStem, ImageToTokens, NoStem
from minicvt.nn.token_layers import TokenLayer, TokenPerformer, TokenTransformer
from minicvt.verify.layers.drawing import STATISTICS, of
from minicvt.verify.layers.entry import layer
from minicvt.verify.layers.peer import Peer
from minicvt.verify.layers.theirs.stems import (
    KERNELS,
    conv_stem,
    image_to_tokens,
    soft_splits,
    token_layer,
)
from minicvt.verify.operations.entry import SUMS, Tolerance
from minicvt.verify.operations.samples import Draw, Sample


@layer("NoStem", lambda init: NoStem(), lambda own, x, **_: x)
def _draw_no_stem(draw: Draw) -> Sample:
    return of(draw, lambda init: NoStem(), {}, draw.normal(draw.batch(), 3, 4, 2))


@layer("ConvStem", ConvStem, conv_stem)
def _draw_conv_stem(draw: Draw) -> Sample:
    channels, dim = draw.size(1, 3), draw.size(2, 4)
    x = draw.normal(2, draw.size(5, 7), draw.size(5, 8), channels)
    made = {"in_chans": channels, "dim": dim, "activation": draw.one_of("gelu", "silu")}
    return of(draw, ConvStem, made, x, training=draw.one_of(*STATISTICS))


@layer("ImageToTokens", ImageToTokens, image_to_tokens)
def _draw_image_to_tokens(draw: Draw) -> Sample:
    channels, dim = draw.size(1, 2), draw.size(2, 4)
    x = draw.normal(2, draw.size(7, 9), draw.size(7, 11), channels)
    made = {"in_chans": channels, "dim": dim}
    return of(draw, ImageToTokens, made, x, training=draw.one_of(*STATISTICS))


TOKEN_LAYERS: dict[str, type[TokenLayer]] = {
    "performer": TokenPerformer,
    "transformer": TokenTransformer,
}


FEATURES = Tolerance(
    1e-8,
    "Kernel attention's features are e to a difference of squares: where those of one "
    "token outweigh all others, every query sees the same, and what is left of large "
    "sums as the gradient has few digits.",
)
TOLERANCES = {"performer": FEATURES, "transformer": SUMS}


def _pointed(sample: Sample) -> Sample:
    """Double what the scores are made of.

    Attention that is almost the same everywhere has gradients that are small
    differences of large sums.
    """
    of_scores = re.compile(r"(^|\.)(proj_q\.weight|proj_k\.weight|w)$")
    named: Any = zip(sample.names, sample.inputs, strict=True)
    doubled = [2 * x if of_scores.search(name) else x for name, x in named]
    return replace(sample, inputs=tuple(doubled))


def _list_token_layer(kind: str) -> None:
    layer_type = TOKEN_LAYERS[kind]

    def make(
        in_dim: int, dim: int, activation: str, eps: float, *, init: Init
    ) -> TokenLayer:
        return layer_type(in_dim, dim, activation, eps, init=init)

    def theirs(
        own: Peer, x: Any, *, grid: Grid, in_dim: int, dim: int, **chosen: Any
    ) -> Any:
        return token_layer(own, x, kind=kind, **chosen)

    @layer(layer_type.__name__, make, theirs, TOLERANCES[kind])
    def _draw(draw: Draw) -> Sample:
        grid, wide = Grid(draw.size(3, 4), draw.size(2, 4)), draw.size(5, 9)
        x = draw.normal(2, grid.tokens, wide)
        chosen = {"activation": "gelu", "eps": draw.one_of(1e-5, 1e-3)}
        made = {"in_dim": wide, "dim": draw.size(6, 9)} | chosen
        return _pointed(of(draw, make, made, x, grid=grid, training=False))


def _list_soft_split(kind: str) -> None:
    def theirs(own: Peer, x: Any, *, in_chans: int, dim: int, **chosen: Any) -> Any:
        return soft_splits(own, x, **chosen)

    @layer(f"SoftSplit, {kind}", SoftSplit, theirs, TOLERANCES[kind])
    def _draw(draw: Draw) -> Sample:
        x = draw.normal(2, draw.size(13, 17), draw.size(13, 19), 1)
        chosen = {"kind": kind, "activation": "gelu", "eps": 1e-5}
        made = {"in_chans": 1, "dim": draw.size(6, 9)} | chosen
        return _pointed(of(draw, SoftSplit, made, x, training=False))


for kind in KERNELS:
    _list_token_layer(kind)
    _list_soft_split(kind)
