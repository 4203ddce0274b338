"""T2T-ViT: Training Vision Transformers from Scratch on ImageNet (Yuan et al. 2021).

One stage, deep and narrow. Patches do not come from one cut but from three soft splits
SS, which overlap, with a token layer after each of the first two.

::

    T_1   = SS(I_0)                         k = 7, s = 3, p = 2
    T'_i  = MLP(MSA(T_i)),   i = 1, 2                                   (1)
    I_i   = Reshape(T'_i)                                               (2)
    T_i+1 = SS(I_i)                         k = 3, s = 1, p = 1         (4)
    l_o   = floor((h + 2p - k) / (k - s) + 1)
            * floor((w + 2p - k) / (k - s) + 1)                         (3)
    T_f   = T_3 E;   T_f0 = [t_cls; T_f] + PE
    z'    = MSA(LN(T_fi-1)) + T_fi-1;   T_fi = MLP(LN(z')) + z'         (5)
    y     = fc(LN(T_fb)^0)

Equation 3 is the length after a split of an h x w map into k x k patches that overlap
by s, padded by p: 56 x 56, 28 x 28, then 14 x 14 at 224. T_3 E, a Linear of unfolded
windows, is a convolution, and here it is one.

As the official code has it, and not as the text says: the MSA of a token layer leads
from 147 or 576 channels to 64, so that v takes the place of the input in its residual
(:mod:`minicvt.nn.token_layers`); for T2T-ViT_t its scale is that of the 147 or 576.
Performers have biases in q, k and v and drop a tenth while training, all other
attention has no such biases. PE is the table of waves over all 1 + N tokens in a row,
the class token first, never trained, in float32. The backbone's scale is head_dim^-0.5
where the checkpoints were trained and are evaluated; ``pretrained=True`` would set
dim^-0.5 (``scale="dim"``), and has nothing to load. ``model.resize`` resamples PE
bicubically, as their loading does; a model built for that size has waves of its own.
Table 1 prints depth 8 for T2T-ViT-7, whose code has 7. The code takes square images,
and the right number of positions only for multiples of 16; here any size will do that
is given as ``image``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minicvt.models.architecture import Architecture, Window
from minicvt.models.config import DIGITS16
from minicvt.models.stage import Transformer
from minicvt.nn import Init


@dataclass(frozen=True)
class T2TConfig(Architecture):
    """What makes one T2T-ViT: two splits are its ``stem``, the third its ``embed``."""

    paper = "t2t"
    stem: str = "t2t_performer"
    embed: tuple[Window, ...] = ((3, 2, 1),)
    embed_norm: bool = False
    cls: tuple[bool, ...] = (True,)
    positions: str = "every"
    position_kind: str = "sinusoid"
    resampling: str = "bicubic"
    qkv_bias: bool = False
    init: str = "trunc_norm_all"

    def build(self, dtype: Any = "float32", seed: Any = 0) -> T2T:
        """Make the model."""
        return T2T(self, Init(dtype, seed, self.init))


class T2T(Transformer):
    """T2T module (the stem and the embedding), then the backbone; reads t_cls."""


def _backbone(dim: int, depth: int, mlp_ratio: float) -> dict[str, Any]:
    """Heads are 64 wide in all of them."""
    return {
        "dims": (dim,),
        "depths": (depth,),
        "heads": (dim // 64,),
        "mlp_ratios": (mlp_ratio,),
    }


SIZES = {
    "7": _backbone(256, 7, 2.0),
    "10": _backbone(256, 10, 2.0),
    "12": _backbone(256, 12, 2.0),
    "14": _backbone(384, 14, 3.0),
    "19": _backbone(448, 19, 3.0),
    "24": _backbone(512, 24, 3.0),
}
SIZES_OF_T = ("14", "19", "24")

VARIANTS = {
    **{f"t2t-{n}": T2TConfig(f"t2t-{n}", **size) for n, size in SIZES.items()},
    **{
        f"t2t-t-{n}": T2TConfig(f"t2t-t-{n}", stem="t2t_transformer", **SIZES[n])
        for n in SIZES_OF_T
    },
    "t2t-digits16": T2TConfig(
        "t2t-digits16",
        **DIGITS16,
        stem_dim=16,
        dims=(48,),
        depths=(1,),
        heads=(3,),
        embed=((3, 1, 1),),
        mlp_ratios=(2.0,),
        init="xavier",
    ),
}
"""Token layers are performers, and transformers in the three named t.

They trained with drop path 0.1, which the official constructors, and we, leave to who
trains. digits16 learns digits while one waits; its third split keeps the 2 x 2 tokens
apart.
"""
