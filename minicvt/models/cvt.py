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
and one Linear.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from minicvt.errors import DtypeError, ShapeError
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
    flatten,
    unflatten,
)
from minicvt.tensor import Tensor


@dataclass(frozen=True)
class CvTConfig(Config):
    """What makes one CvT: one entry a stage where a tuple is asked for.

    ``embed`` holds (kernel, stride, padding); ``cls`` says which stages have a class
    token; a single value for a per-stage field stands for all stages.
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
    activation: str = "quick_gelu"
    scale: str = "dim"
    qkv_bias: bool = True
    init: str = "trunc_norm"

    def build(self, dtype: Any = "float32", seed: Any = 0) -> CvT:
        """Make the model."""
        return CvT(self, Init(dtype, seed, self.init))


class Stage(Module):
    """Convolutional token embedding, then blocks; perhaps a class token."""

    def __init__(self, config: CvTConfig, index: int, *, init: Init) -> None:
        c, i = config, index
        dim = c.dims[i]
        in_chans = c.dims[i - 1] if i else c.in_chans
        self.patch_embed = ConvEmbed(in_chans, dim, *c.embed[i], init=init)
        self.cls_token = Parameter(init.normal(1, 1, dim)) if c.cls[i] else None
        rates = np.linspace(0, c.drop_path[i], c.depths[i])
        self.blocks = ModuleList([cvt_block(c, i, rate, init=init) for rate in rates])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Map ``(B, H, W, C)`` to ``(B, H', W', dim)`` and class ``(B, 1, dim)``."""
        tokens, grid = flatten(self.patch_embed(x), self.cls_token)
        for block in self.blocks:
            tokens = block(tokens, grid)
        return unflatten(tokens, grid)


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
        dropout=c.dropout,
        init=init,
    )
    mlp = MLP(dim, int(dim * c.mlp_ratios[i]), c.activation, c.dropout, init=init)
    return Block(dim, attn, mlp, float(drop_path), init=init)


class CvT(Module):
    """Images ``(B, H, W, in_chans)`` to logits ``(B, num_classes)``, any size."""

    def __init__(self, config: CvTConfig, init: Init) -> None:
        self.config = config
        for index in range(len(config.dims)):
            setattr(self, f"stage{index}", Stage(config, index, init=init))
        dim = config.dims[-1]
        self.norm = LayerNorm(dim, init=init)
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
        if cls is not None:
            return self.norm(cls)[:, 0]
        tokens, _ = flatten(x)
        return self.norm(tokens).mean(axis=1)


def as_images(images: Any, in_chans: int, dtype: Any) -> Tensor:
    """Check a batch ``(B, H, W, in_chans)`` and return it as a Tensor of ``dtype``.

    Floating arrays are cast. Integers raise ``DtypeError`` (0..255 or 0..1 is for
    the caller to decide), and so do Tensors of another dtype.
    """
    if len(images.shape) != 4 or images.shape[3] != in_chans:
        raise ShapeError(
            f"images should be (B, H, W, {in_chans}), got {tuple(images.shape)}"
            + _nchw_hint(images.shape, in_chans)
        )
    if isinstance(images, Tensor) and images.dtype == dtype:
        return images
    if isinstance(images, Tensor) or not np.issubdtype(images.dtype, np.floating):
        raise DtypeError(f"images should be {dtype}, got {images.dtype}")
    return Tensor(images.astype(dtype, copy=False))


def _nchw_hint(shape: Any, in_chans: int) -> str:
    looks = len(shape) == 4 and shape[1] == in_chans
    return "; for (B, C, H, W) use minicvt.from_nchw(images)" if looks else ""


VARIANTS = {
    "cvt-13": CvTConfig("cvt-13"),
    "cvt-21": CvTConfig("cvt-21", depths=(1, 4, 16)),
    "cvt-w24": CvTConfig(
        "cvt-w24",
        dims=(192, 768, 1024),
        depths=(2, 2, 20),
        heads=(3, 12, 16),
        drop_path=(0.0, 0.0, 0.3),
    ),
    "cvt-c8w": CvTConfig(
        "cvt-c8w",
        in_chans=1,
        num_classes=10,
        image=(8, 8),
        dims=(24, 48),
        depths=(1, 1),
        heads=(1, 3),
        embed=((3, 1, 1), (3, 2, 1)),
        mlp_ratios=(2.0,),
        cls=(False, True),
        drop_path=(0.0,),
        activation="gelu",
        init="xavier",
    ),
    "cvt-rgb32": CvTConfig(
        "cvt-rgb32",
        num_classes=10,
        image=(32, 32),
        dims=(16, 32, 64),
        depths=(1, 1, 2),
        heads=(1, 2, 4),
        embed=((3, 2, 1), (3, 2, 1), (3, 1, 1)),
        mlp_ratios=(2.0,),
        drop_path=(0.0,),
        init="xavier",
    ),
}
"""The paper's three models, and two small enough to train while one waits.

c8w is the hello-world one, for 8 x 8 digits; rgb32 has the paper's three stages, on
32 x 32 colour pictures, whose strides 4, 2, 2 would leave 2 x 2 tokens.
"""
