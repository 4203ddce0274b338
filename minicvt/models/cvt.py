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

from minicvt.errors import unknown
from minicvt.models import dialects
from minicvt.models.architecture import Architecture
from minicvt.models.config import DIGITS16
from minicvt.models.stage import Transformer
from minicvt.nn import Init, Parameter


@dataclass(frozen=True)
class CvTConfig(Architecture):
    """What makes one CvT.

    What implementations differ in is set together by naming a ``dialect``, but for
    what is named beside it.
    """

    paper = "cvt"
    dims: tuple[int, ...] = (64, 192, 384)
    depths: tuple[int, ...] = (1, 2, 10)
    heads: tuple[int, ...] = (1, 3, 6)
    embed: tuple[tuple[int, int, int], ...] = ((7, 4, 2), (3, 2, 1), (3, 2, 1))
    projection: tuple[str, ...] = ("dw_bn",)
    kv_stride: tuple[int, ...] = (2,)
    cls: tuple[bool, ...] = (False, False, True)
    drop_path: tuple[float, ...] = (0.0, 0.0, 0.1)
    dialect: str = "microsoft"
    activation: str = "quick_gelu"
    scale: str = "dim"
    drop_path_rule: str = "linear"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dialect not in dialects.DIALECTS:
            raise unknown("dialect", self.dialect, dialects.DIALECTS)

    def override(self, **overrides: Any) -> Self:
        """Copy with some fields changed; a ``dialect`` brings its own choices."""
        changed = super().override(**overrides)
        if "dialect" not in overrides:
            return changed
        choices = dialects.choices(changed).items()
        return replace(changed, **{k: v for k, v in choices if k not in overrides})

    def build(self, dtype: Any = "float32", seed: Any = 0) -> CvT:
        """Make the model."""
        return CvT(self, Init(dtype, seed, self.init))


class CvT(Transformer):
    """Stages; then the class token, or the mean of all tokens without one.

    Images ``(B, H, W, in_chans)`` of any size to logits ``(B, num_classes)``.
    """

    def __init__(self, config: CvTConfig, init: Init) -> None:
        super().__init__(config, init)
        if config.init == "trunc_norm":  # the official head keeps PyTorch's bias
            bound = 1 / sqrt(config.dims[-1])
            self.head.bias = Parameter(init.uniform(config.num_classes, bound=bound))


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
    "cvt-digits16": CvTConfig(
        "cvt-digits16",
        **DIGITS16,
        dims=(24, 48),
        depths=(1, 1),
        heads=(1, 3),
        embed=((3, 2, 1),),
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
"""The paper's three models, and three small enough to train while one waits.

c8w is the hello-world one, for 8 x 8 digits; digits16 is the same for 16 x 16, where
every paper has one to compare with; rgb32 has the paper's three stages, on
32 x 32 colour pictures, whose strides 4, 2, 2 would leave 2 x 2 tokens.
"""
