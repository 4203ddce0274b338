"""CMT: Convolutional Neural Networks Meet Vision Transformers (Guo et al. 2021).

A stem of three convolutions, four stages of 2 x 2 aggregation, and in each block a
local perception unit before the attention and a depthwise convolution in the
feed-forward (section 3.2).

::

    LPU(x)    = DWConv(x) + x
    LMHSA(x)  = softmax(Q K'^T / sqrt(d_k) + B) V',   K', V' of DWConv_{k,k}(x)
    IRFFN(x)  = Conv(F(Conv(x))),                     F(x) = DWConv(x) + x
    x = LPU(x);   x = x + LMHSA(LN(x));   x = x + IRFFN(LN(x))

As the official code has it: stem and IRFFN go convolution, GELU, BatchNorm, in this
order; the shortcut of F is inside its GELU and BatchNorm; k' and v' see a BatchNorm
after their convolution (the code says "exactly same as PVTv1", which has a dense
convolution and LayerNorm). B is one learned table of queries x keys for all blocks of
a stage, no function of relative offsets, so that a model fits one image size. The head
is a 1 x 1 convolution to 1280, BatchNorm and swish, and only then the mean over places.
LayerNorm's eps is 1e-6 in blocks, 1e-5 in embeddings. CMT-S has 26.26 M parameters in
the code, 25.14 M in the paper, which nothing explains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minicvt import ops
from minicvt.models.architecture import Architecture
from minicvt.models.config import DIGITS16
from minicvt.models.stage import Transformer
from minicvt.nn import BatchNorm2d, Dropout, Init, Linear, Pointwise
from minicvt.tensor import Tensor


@dataclass(frozen=True)
class CMTConfig(Architecture):
    """What makes one CMT: ``kv_stride`` is its k; the head is ``head_width`` wide."""

    paper = "cmt"
    counts = (*Architecture.counts, "head_width")
    dims: tuple[int, ...] = (64, 128, 256, 512)
    depths: tuple[int, ...] = (3, 3, 16, 3)
    heads: tuple[int, ...] = (1, 2, 4, 8)
    embed: tuple[tuple[int, int, int], ...] = ((2, 2, 0),) * 4
    projection: tuple[str, ...] = ("dw_sr",)
    kv_stride: tuple[int, ...] = (8, 4, 2, 1)
    ffn: tuple[str, ...] = ("irffn",)
    local: tuple[bool, ...] = (True,)
    stem: str = "cmt"
    positions: str = "every"
    position_kind: str = "score_bias"
    norm_eps: float = 1e-6
    final_norm: bool = False
    init: str = "kaiming"
    head_width: int = 1280
    head_dropout: float = 0.1

    def build(self, dtype: Any = "float32", seed: Any = 0) -> CMT:
        """Make the model."""
        return CMT(self, Init(dtype, seed, self.init))


class CMT(Transformer):
    """Stem and four stages; then the head, which looks at every place first."""

    def __init__(self, config: CMTConfig, init: Init) -> None:
        super().__init__(config, init)
        self.head_conv = Pointwise(config.dims[-1], config.head_width, init=init)
        self.head_bn = BatchNorm2d(config.head_width, init=init)
        self.head_drop = Dropout(config.head_dropout, init=init)
        self.head = Linear(config.head_width, config.num_classes, init=init)

    def readout(self, x: Tensor, special: Tensor | None) -> Tensor:
        """Widen, BatchNorm, swish, then the mean over places; special tokens idle."""
        wide = ops.silu(self.head_bn(self.head_conv(x)))
        return self.head_drop(wide.mean(axis=(1, 2)))


VARIANTS = {
    "cmt-ti": CMTConfig(
        "cmt-ti",
        image=(160, 160),
        dims=(46, 92, 184, 368),
        depths=(2, 2, 10, 2),
        mlp_ratios=(3.6,),
        stem_dim=16,
    ),
    "cmt-xs": CMTConfig(
        "cmt-xs",
        image=(192, 192),
        dims=(52, 104, 208, 416),
        depths=(3, 3, 12, 3),
        mlp_ratios=(3.77,),
        stem_dim=16,
    ),
    "cmt-s": CMTConfig("cmt-s"),
    "cmt-b": CMTConfig(
        "cmt-b",
        image=(256, 256),
        dims=(76, 152, 304, 608),
        depths=(4, 4, 20, 4),
        stem_dim=38,
        head_dropout=0.3,
    ),
    "cmt-digits16": CMTConfig(
        "cmt-digits16",
        **DIGITS16,
        stem_dim=16,
        dims=(24, 48),
        depths=(1, 1),
        heads=(1, 2),
        embed=((2, 2, 0),),
        kv_stride=(2, 1),
        mlp_ratios=(2.0,),
        head_width=96,
        init="xavier",
    ),
}
"""The paper's four sizes, each for the image size it was trained at.

They trained with drop path 0.1, 0.08, 0.1 and 0.25, which the official constructors,
and we, leave to who trains. digits16 has two stages and learns digits while one waits.
"""
