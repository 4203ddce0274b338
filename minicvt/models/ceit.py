"""CeiT: Incorporating Convolution Designs into Visual Transformers (Yuan et al. 2021).

DeiT with three convolutional changes: patches are taken of a low-level map (I2T), the
feed-forward looks at its neighbours (LeFF), and the head reads the class tokens of all
layers (LCA).

::

    x'    = MaxPool(BN(Conv(x)))                                        I2T
    z'_l  = MSA(LN(z_{l-1})) + z_{l-1};    z_l = LeFF(LN(z'_l)) + z'_l
    c     = [z_1^0; ...; z_L^0] + E_layer
    c'    = c_L + softmax(q_L K^T / sqrt(d)) V,   of LN(c)              LCA
    y     = Linear(LN(c' + MLP(LN(c'))))

As the official code has it: no activation after the stem's BatchNorm, none after
LeFF's last one (the paper's equation has a GELU there); LeFF hands the class token
back as it got it, and the residual adds it: z^0 = z'^0 + LN(z'^0), which is not
"unchanged". LeFF's convolutions have biases, though BatchNorm follows each. LayerNorm's
eps is 1e-6. The LeFF of the last layer changes no class token any more: its parameters
are dead, with exactly zero gradient. Most of the published FLOPs leave attention's
products out, ours do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minicvt.grid import Grid
from minicvt.models.architecture import Architecture
from minicvt.models.checks import refused
from minicvt.models.config import DIGITS16
from minicvt.models.stage import Stage, Transformer
from minicvt.nn import MLP, Attention, Init, LayerNorm, Module, Parameter, unflatten
from minicvt.ops import concatenate
from minicvt.tensor import Tensor


@dataclass(frozen=True)
class CeiTConfig(Architecture):
    """What makes one CeiT."""

    paper = "ceit"
    embed: tuple[tuple[int, int, int], ...] = ((4, 4, 0),)
    cls: tuple[bool, ...] = (True,)
    ffn: tuple[str, ...] = ("leff",)
    stem: str = "ceit"
    embed_norm: bool = False
    positions: str = "every"
    resampling: str = "bicubic"
    norm_eps: float = 1e-6

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.cls[-1]:
            raise refused(self, "cls", "true of the last stage, whose tokens LCA reads")

    def build(self, dtype: Any = "float32", seed: Any = 0) -> CeiT:
        """Make the model."""
        return CeiT(self, Init(dtype, seed, self.init))


class CollectingStage(Stage):
    """A stage that hands out the class tokens of all its blocks."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Map ``(B, H, W, C)`` to ``(B, H', W', dim)`` and classes ``(B, L, dim)``."""
        tokens, grid = self.embed(x)
        classes = []
        for block in self.blocks:
            tokens = block(tokens, grid, self.score_bias)
            classes.append(tokens[:, :1])
        return unflatten(tokens, grid)[0], concatenate(*classes, axis=1)


class LastAsks(Attention):
    """Attention in which the last token alone has a query."""

    def convolve(self, tokens: Tensor, grid: Grid) -> dict[str, tuple[Tensor, Grid]]:
        """Return what q, k and v are linear maps of: the last token, and all."""
        return {
            "q": (tokens[:, -1:], Grid(0, 0, 1)),
            "k": (tokens, grid),
            "v": (tokens, grid),
        }


class LayerwiseClassAttention(Module):
    """LCA: what the last class token gathers from those of all L layers.

    Its cost grows with L, not L^2.
    """

    def __init__(self, config: CeiTConfig, *, init: Init) -> None:
        c = config
        dim, hidden = c.dims[-1], int(c.dims[-1] * c.mlp_ratios[-1])
        self.pos_embed = Parameter(init.zeros(1, c.depths[-1], dim))
        self.norm1 = LayerNorm(dim, c.norm_eps, init=init)
        self.attn = LastAsks(
            dim, c.heads[-1], "linear", scale=c.scale, qkv_bias=c.qkv_bias, init=init
        )
        self.norm2 = LayerNorm(dim, c.norm_eps, init=init)
        self.mlp = MLP(dim, hidden, c.activation, c.dropout, init=init)

    def forward(self, classes: Tensor) -> Tensor:
        """Map ``(B, L, dim)`` to ``(B, 1, dim)``."""
        classes = classes + self.pos_embed
        nowhere = Grid(0, 0, classes.shape[1])
        last = classes[:, -1:] + self.attn(self.norm1(classes), nowhere)
        return last + self.mlp(self.norm2(last))


class CeiT(Transformer):
    """I2T and one stage; then the class tokens of all layers, through LCA."""

    stage_type = CollectingStage

    def __init__(self, config: CeiTConfig, init: Init) -> None:
        super().__init__(config, init)
        self.lca = LayerwiseClassAttention(config, init=init)

    def readout(self, x: Tensor, special: Tensor | None) -> Tensor:
        """Layer-wise class attention, then LayerNorm."""
        return super().readout(x, self.lca(special))


VARIANTS = {
    "ceit-tiny": CeiTConfig("ceit-tiny"),
    "ceit-small": CeiTConfig("ceit-small", dims=(384,), heads=(6,)),
    "ceit-base": CeiTConfig("ceit-base", dims=(768,), heads=(12,)),
    "ceit-digits16": CeiTConfig(
        "ceit-digits16",
        **DIGITS16,
        stem_dim=16,
        dims=(32,),
        depths=(2,),
        heads=(2,),
        embed=((1, 1, 0),),
        mlp_ratios=(3.0,),
        init="xavier",
    ),
}
"""The paper's three sizes, and one that learns digits while one waits.

They trained with drop path 0.1, which the official constructors, and we, leave to who
trains; the block of LCA has none.
"""
