"""PVT: Pyramid Vision Transformer (Wang et al. 2021), version 1.

Four stages of patches, H/4 to H/32, whose attention reduces keys and values R x R to
one. A class token joins in the last stage; every stage has learned positions.

::

    x        = LN(Conv_{P,P}(x)) + E_pos                     patches of 4, 2, 2, 2
    SRA(x)   = concat(head_1, ..., head_h) W^O                               (1)
    head_j   = Attention(x W_j^Q, SR(x) W_j^K, SR(x) W_j^V)                  (2)
    SR(x)    = Norm(Reshape(x, R) W^S)                                       (3)
    Attention(q, k, v) = softmax(q k^T / sqrt(d_head)) v                     (4)

As the official code has it: SR is a convolution with kernel and stride R, which is
equation 3 with columns in the order (channel, row, column); it has a bias. LayerNorm's
eps is 1e-6 in blocks and at the end, but PyTorch's 1e-5 in embeddings and SR. An image
of another size resamples E_pos bilinearly as it runs. The official code leaves it alone
wherever there are as many places as in stage 1 at the training size: exactly twice that
size fails, and at 112 x 448 the rows of 56 x 56 places land on 28 x 112. Table 1 prints
three blocks in stage 2 of Small and Medium, the code has four, and only four fits the
published counts. "R^2 times lower" costs hold for the two products of attention, not
for the layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minicvt.models.architecture import Architecture
from minicvt.models.config import DIGITS16
from minicvt.models.stage import Transformer
from minicvt.nn import Init


@dataclass(frozen=True)
class PVTConfig(Architecture):
    """What makes one PVT: ``kv_stride`` is the reduction R."""

    paper = "pvt"
    resamples_itself = True
    dims: tuple[int, ...] = (64, 128, 320, 512)
    depths: tuple[int, ...] = (2, 2, 2, 2)
    heads: tuple[int, ...] = (1, 2, 5, 8)
    embed: tuple[tuple[int, int, int], ...] = ((4, 4, 0), *((2, 2, 0),) * 3)
    mlp_ratios: tuple[float, ...] = (8.0, 8.0, 4.0, 4.0)
    projection: tuple[str, ...] = ("sr",)
    kv_stride: tuple[int, ...] = (8, 4, 2, 1)
    cls: tuple[bool, ...] = (False, False, False, True)
    positions: str = "every"
    resampling: str = "bilinear"
    norm_eps: float = 1e-6

    def build(self, dtype: Any = "float32", seed: Any = 0) -> PVT:
        """Make the model."""
        return PVT(self, Init(dtype, seed, self.init))


class PVT(Transformer):
    """Four stages; then LayerNorm, the class token, and the head."""


VARIANTS = {
    "pvt-tiny": PVTConfig("pvt-tiny"),
    "pvt-small": PVTConfig("pvt-small", depths=(3, 4, 6, 3)),
    "pvt-medium": PVTConfig("pvt-medium", depths=(3, 4, 18, 3)),
    "pvt-large": PVTConfig("pvt-large", depths=(3, 8, 27, 3)),
    "pvt-digits16": PVTConfig(
        "pvt-digits16",
        **DIGITS16,
        dims=(16, 32, 40),
        depths=(1, 1, 1),
        heads=(1, 2, 2),
        embed=((2, 2, 0),),
        mlp_ratios=(2.0,),
        kv_stride=(4, 2, 1),
        cls=(False, False, True),
        init="xavier",
    ),
}
"""The paper's four sizes, and three stages that learn digits while one waits.

They trained with drop path 0.1, Medium and Large with 0.3, which the official
constructors, and we, leave to who trains.
"""
