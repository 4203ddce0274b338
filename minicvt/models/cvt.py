"""CvT: Introducing Convolutions to Vision Transformers (Wu et al. 2021).

Three stages. Each embeds its input with an overlapping convolution (equation 1),
then runs blocks whose q, k and v are convolutions of the token map (equation 2),
k and v with stride 2. The class token joins in the last stage. No positions: the
convolutions know where they are.

::

    x_i   = LN(Conv_{k,s,p}(x_{i-1}))                                   (1)
    q,k,v = Linear(Flatten(BN(DWConv(Reshape2D(x)))))                   (2)
    x     = x + softmax(scale q k^T) v W;    x = x + MLP(LN(x))

As the official code has it, and not as the text says: the scale is dim^-0.5, not
head_dim^-0.5; GELU is QuickGELU; the input of the projections is LayerNorm-ed; the
class token skips depthwise convolution and BatchNorm; the "MLP head" is LayerNorm
and one Linear. :mod:`minicvt.models.dialects` has what others made of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, Self

from minicvt.errors import ShapeError, unknown
from minicvt.grid import Grid
from minicvt.models import dialects
from minicvt.models.config import Config
from minicvt.nn import (
    MLP,
    Attention,
    Block,
    ConvEmbed,
    Init,
    LayerNorm,
    Linear,
    Module,
    ModuleList,
    Parameter,
    as_images,
    drop_path_rates,
    flatten,
    unflatten,
)
from minicvt.ops.convolution import window_sizes
from minicvt.tensor import Tensor

POSITIONS = {
    "none": lambda stages: [],
    "every": lambda stages: list(range(stages)),
    "first": lambda stages: [0],
    "last": lambda stages: [stages - 1],
}
"""Which stages add learned positions: the rows of the paper's table 5."""


@dataclass(frozen=True)
class CvTConfig(Config):
    """What makes one CvT: one entry a stage where a tuple is asked for.

    ``embed`` holds (kernel, stride, padding); ``cls`` says which stages have a class
    token; a single value for a per-stage field stands for all stages. ``positions``
    are learned for ``image``, and fit no other size. What implementations differ in
    comes last: naming a ``dialect`` sets it all, but for what is named beside it.
    """

    paper = "cvt"
    stage_fields = (
        "dims",
        "depths",
        "heads",
        "embed",
        "mlp_ratios",
        "projection",
        "kv_stride",
        "cls",
        "drop_path",
    )
    dims: tuple[int, ...] = (64, 192, 384)
    depths: tuple[int, ...] = (1, 2, 10)
    heads: tuple[int, ...] = (1, 3, 6)
    embed: tuple[tuple[int, int, int], ...] = ((7, 4, 2), (3, 2, 1), (3, 2, 1))
    mlp_ratios: tuple[float, ...] = (4.0,)
    projection: tuple[str, ...] = ("dw_bn",)
    kv_stride: tuple[int, ...] = (2,)
    cls: tuple[bool, ...] = (False, False, True)
    drop_path: tuple[float, ...] = (0.0, 0.0, 0.1)
    dropout: float = 0.0
    positions: str = "none"
    dialect: str = "microsoft"
    activation: str = "quick_gelu"
    scale: str = "dim"
    qkv_bias: bool = True
    shared: str = "none"
    final_norm: bool = True
    drop_path_rule: str = "linear"
    drop_sum: bool = False
    init: str = "trunc_norm"

    def __post_init__(self) -> None:
        super().__post_init__()
        for field, known in (("positions", POSITIONS), ("dialect", dialects.DIALECTS)):
            if getattr(self, field) not in known:
                raise unknown(field, getattr(self, field), known)

    def override(self, **overrides: Any) -> Self:
        """Copy with some fields changed; a ``dialect`` brings its own choices."""
        changed = super().override(**overrides)
        if "dialect" not in overrides:
            return changed
        choices = dialects.choices(changed).items()
        return replace(changed, **{k: v for k, v in choices if k not in overrides})

    def grids(self) -> list[Grid]:
        """How the tokens of each stage lie, for ``image`` (equation 1)."""
        (height, width), grids = self.image, []
        for (kernel, stride, padding), cls in zip(self.embed, self.cls, strict=True):
            k, s, p = ((n, n) for n in (kernel, stride, padding))
            height, width = window_sizes((1, height, width, 1), k, s, p)
            grids.append(Grid(height, width, int(cls)))
        return grids

    def build(self, dtype: Any = "float32", seed: Any = 0) -> CvT:
        """Make the model."""
        return CvT(self, Init(dtype, seed, self.init))


class Stage(Module):
    """Convolutional token embedding, then blocks; perhaps class token, positions."""

    def __init__(self, config: CvTConfig, index: int, *, init: Init) -> None:
        c, i = config, index
        dim = c.dims[i]
        in_chans = c.dims[i - 1] if i else c.in_chans
        self.patch_embed = ConvEmbed(in_chans, dim, *c.embed[i], init=init)
        self.cls_token = Parameter(init.normal(1, 1, dim)) if c.cls[i] else None
        self.pos_embed = None
        if i in POSITIONS[c.positions](len(c.dims)):
            self.grid = c.grids()[i]
            self.pos_embed = Parameter(init.normal(1, self.grid.tokens, dim))
        rates = drop_path_rates(c.drop_path_rule, c.drop_path[i], c.depths[i], i)
        self.blocks = ModuleList([cvt_block(c, i, rate, init=init) for rate in rates])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Map ``(B, H, W, C)`` to ``(B, H', W', dim)`` and class ``(B, 1, dim)``."""
        tokens, grid = flatten(self.patch_embed(x), self.cls_token)
        tokens = self.place(tokens, grid)
        for block in self.blocks:
            tokens = block(tokens, grid)
        return unflatten(tokens, grid)

    def place(self, tokens: Tensor, grid: Grid) -> Tensor:
        """Add the learned positions, if any, which fit one grid only."""
        if self.pos_embed is None:
            return tokens
        if grid != self.grid:
            raise ShapeError(
                f"positions are learned for {self.grid.height} x {self.grid.width} "
                f"tokens, this image gives {grid.height} x {grid.width}"
            )
        return tokens + self.pos_embed


def cvt_block(config: CvTConfig, index: int, drop_path: float, *, init: Init) -> Block:
    """Build one block of stage ``index``."""
    c, i = config, index
    dim = c.dims[i]
    attn = Attention(
        dim,
        c.heads[i],
        projection=c.projection[i],
        kv_stride=c.kv_stride[i],
        scale=c.scale,
        qkv_bias=c.qkv_bias,
        shared=c.shared,
        dropout=c.dropout,
        init=init,
    )
    mlp = MLP(dim, int(dim * c.mlp_ratios[i]), c.activation, c.dropout, init=init)
    return Block(dim, attn, mlp, drop_path, c.drop_sum, init=init)


class CvT(Module):
    """Images ``(B, H, W, in_chans)`` to logits ``(B, num_classes)``.

    Any size will do, but for one with learned positions.
    """

    def __init__(self, config: CvTConfig, init: Init) -> None:
        self.config = config
        for index in range(len(config.dims)):
            setattr(self, f"stage{index}", Stage(config, index, init=init))
        dim = config.dims[-1]
        self.norm = LayerNorm(dim, init=init) if config.final_norm else None
        self.head = Linear(dim, config.num_classes, init=init)
        if config.init == "trunc_norm":  # the official head keeps PyTorch's bias
            bias = init.uniform(config.num_classes, bound=1 / sqrt(dim))
            self.head.bias = Parameter(bias)

    @property
    def stages(self) -> list[Stage]:
        """The stages, first to last."""
        return [getattr(self, f"stage{i}") for i in range(len(self.config.dims))]

    def forward(self, images: Any) -> Tensor:
        """Return logits; arrays are cast to the model's dtype."""
        x = as_images(images, self.config.in_chans, self.dtype)
        for stage in self.stages:
            x, cls = stage(x)
        return self.head(self.readout(x, cls))

    def readout(self, x: Tensor, cls: Tensor | None) -> Tensor:
        """LayerNorm, then the class token, or the mean of all without one."""
        tokens = flatten(x)[0] if cls is None else cls
        if self.norm is not None:
            tokens = self.norm(tokens)
        return tokens.mean(axis=1) if cls is None else tokens[:, 0]
