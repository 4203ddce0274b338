"""Attention by every projection, feed-forward parts, blocks."""

from __future__ import annotations

from typing import Any

from minicvt.grid import Grid
from minicvt.nn import Attention, Block, ConvMLP, Init, feed_forward
from minicvt.nn.projection import METHODS, key_grid
from minicvt.verify.layers.drawing import STATISTICS, of
from minicvt.verify.layers.entry import layer
from minicvt.verify.layers.families.projections import any_grid, tokens_on
from minicvt.verify.layers.theirs import blocks
from minicvt.verify.operations.samples import Draw, Sample


def _attending(draw: Draw, projection: str) -> dict[str, Any]:
    """Draw the options of an attention: four channels in one, two or four heads."""
    shared = draw.one_of("none", "kv", "qkv") if projection == "dw_bn" else "none"
    heads, narrower = draw.one_of((1, 1), (2, 1), (4, 1), (1, 2), (2, 2))
    return {
        "dim": 4,
        "heads": heads,
        "qk_ratio": 1 if projection == "dense" else narrower,
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
    @layer(f"Attention, {projection}", Attention, blocks.attention)
    def _draw(draw: Draw) -> Sample:
        grid = Grid(4, draw.size(3, 5), draw.one_of(0, 1, 2))
        made = _attending(draw, projection)
        keys = key_grid(projection, made["kv_stride"], grid).tokens
        scores = (made["heads"], grid.tokens, keys)
        x, bias = tokens_on(draw, grid, 4), draw.one_of(None, draw.normal(*scores))
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
    @layer(f"ConvMLP, {ffn}", ConvMLP, blocks.conv_mlp)
    def _draw(draw: Draw) -> Sample:
        grid, training = any_grid(draw), draw.one_of(*STATISTICS)
        made: dict[str, Any] = {"dim": draw.size(2, 3), "hidden": draw.size(3, 5)}
        made |= {"activation": draw.one_of("gelu", "silu"), "inverted": ffn == "irffn"}
        made |= {"kernel": draw.one_of(3, 5, 1), "norm": draw.one_of(True, True, False)}
        zero = MEANT_AWAY[ffn] if training and made["norm"] else ()
        x = tokens_on(draw, grid, made["dim"])
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
    @layer(f"Block, {paper}", make_block, blocks.block)
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
        x = tokens_on(draw, grid, 4)
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
