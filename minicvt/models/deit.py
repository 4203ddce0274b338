"""DeiT: Training data-efficient image transformers (Touvron et al. 2020).

ViT with another training, and perhaps a distillation token beside the class token:

::

    z_0 = [x_class; x_dist; x_p^1 E; ...; x_p^N E] + E_pos
    y   = (head(LN(z_L^0)) + head_dist(LN(z_L^1))) / 2

As the official code has it: in training the two heads answer separately, one for the
labels, one for the teacher's; in evaluation it is the mean of their logits (not of
their probabilities). GELU is exact, LayerNorm's eps 1e-6. Another size resamples E_pos
bicubically (``model.resize``). The paper's DeiT-S is not the "vit_small" of the timm
of its time. Their optimiser decays x_dist, but neither x_class nor E_pos; ours decays
all three unless told otherwise (``AdamW(..., decays=...)``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minicvt.errors import OptionError
from minicvt.models.architecture import Architecture
from minicvt.models.config import DIGITS16
from minicvt.models.stage import Transformer
from minicvt.nn import Init, Linear


@dataclass(frozen=True)
class DeiTConfig(Architecture):
    """What makes one DeiT; ``distilled`` adds a token and a head.

    Without ``dist_head`` it adds the token alone, which is how transformers fine-tunes
    (DeiTForImageClassification).
    """

    paper = "deit"
    cls: tuple[bool, ...] = (True,)
    embed_norm: bool = False
    positions: str = "every"
    resampling: str = "bicubic"
    norm_eps: float = 1e-6
    distilled: bool = False
    dist_head: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.distilled and not (self.cls[-1] and self.final_norm):
            raise OptionError(
                f"{self.name}: distillation needs a class token and the final norm, "
                f"got cls={self.cls} and final_norm={self.final_norm}"
            )

    def special_tokens(self, stage: int) -> tuple[str, ...]:
        """Return the class token, then that of distillation."""
        distilled = ("dist_token",) if self.distilled else ()
        return super().special_tokens(stage) + distilled

    def build(self, dtype: Any = "float32", seed: Any = 0) -> DeiT:
        """Make the model."""
        return DeiT(self, Init(dtype, seed, self.init))


class DeiT(Transformer):
    """One stage; then the class token's head, and the distillation token's."""

    def __init__(self, config: DeiTConfig, init: Init) -> None:
        super().__init__(config, init)
        self.head_dist = None
        if config.distilled and config.dist_head:
            self.head_dist = Linear(config.dims[-1], config.num_classes, init=init)

    def forward(self, images: Any) -> Any:
        """Return logits; in training, with distillation, those of both heads."""
        if self.head_dist is None:
            return super().forward(images)
        tokens = self.norm(self.features(images)[1])
        y, y_dist = self.head(tokens[:, 0]), self.head_dist(tokens[:, 1])
        return (y, y_dist) if self.training else (y + y_dist) * 0.5


SIZES: dict[str, dict[str, Any]] = {
    "tiny": {"dims": (192,), "heads": (3,)},
    "small": {"dims": (384,), "heads": (6,)},
    "base": {"dims": (768,), "heads": (12,)},
}

VARIANTS = {
    f"deit-{size}{suffix}": DeiTConfig(
        f"deit-{size}{suffix}", distilled=bool(suffix), **numbers
    )
    for suffix in ("", "-distilled")
    for size, numbers in SIZES.items()
} | {
    "deit-digits16": DeiTConfig(
        "deit-digits16",
        **DIGITS16,
        dims=(40,),
        depths=(3,),
        heads=(4,),
        embed=((4, 4, 0),),
        mlp_ratios=(2.0,),
        init="xavier",
        distilled=True,
    )
}
"""The paper's three sizes, plain and distilled; digits16 is distilled as well.

They trained with drop path 0.1, which the official constructors, and we, leave to who
trains.
"""
