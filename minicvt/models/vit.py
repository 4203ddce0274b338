"""ViT: An Image is Worth 16x16 Words (Dosovitskiy et al. 2020).

One stage. The image is cut into P x P patches, N = HW / P^2, each a token; a class
token stands before them, and every place has a learned position.

::

    z_0  = [x_class; x_p^1 E; ...; x_p^N E] + E_pos                     (1)
    z'_l = MSA(LN(z_{l-1})) + z_{l-1}                                   (2)
    z_l  = MLP(LN(z'_l)) + z'_l                                         (3)
    y    = LN(z_L^0)                                                    (4)

As the official code (JAX) has it: GELU is its tanh approximation, where timm's and
Hugging Face's copies have the exact one (``activation="gelu"``); LayerNorm's eps is
1e-6; the scale is head_dim^-0.5; the "MLP head" of pre-training is one Linear and tanh
(``representation``), and head and class token start at zero. Without a class token
(``cls=False``) the mean of all tokens is read, after LN. Another size resamples E_pos
before fine-tuning, as scipy.ndimage.zoom of order 1 does (``model.resize``). MLP biases
start at N(0, 1e-6) there, at 0 here; its L/16 and H/14 have dropout 0.1, which is given
here when it is wanted. Of ViT-L the published 307 M are those of L/32; L/16 has 304 M.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minicvt import ops
from minicvt.models.architecture import Architecture
from minicvt.models.config import DIGITS16
from minicvt.models.stage import Transformer
from minicvt.nn import Init, Linear, Parameter, Pointwise
from minicvt.tensor import Tensor


@dataclass(frozen=True)
class ViTConfig(Architecture):
    """What makes one ViT; ``representation`` is the width of the pre-training head."""

    paper = "vit"
    counts_or_0 = (*Architecture.counts_or_0, "representation")
    cls: tuple[bool, ...] = (True,)
    embed_norm: bool = False
    positions: str = "every"
    resampling: str = "zoom"
    activation: str = "gelu_tanh"
    norm_eps: float = 1e-6
    init: str = "jax"
    representation: int = 0

    def build(self, dtype: Any = "float32", seed: Any = 0) -> ViT:
        """Make the model."""
        return ViT(self, Init(dtype, seed, self.init))


class ViT(Transformer):
    """One stage; then the class token, perhaps through tanh(Linear), and the head."""

    def __init__(self, config: ViTConfig, init: Init) -> None:
        super().__init__(config, init)
        width = config.representation
        self.pre_logits: Linear | None = None
        if width:
            self.pre_logits = Pointwise(config.dims[-1], width, init=init)
            self.head = Linear(width, config.num_classes, init=init)
        if config.init == "jax":
            self.head.weight = Parameter(init.zeros(*self.head.weight.shape))
            first = self.stages[0]
            for name in first.special:
                setattr(first, name, Parameter(init.zeros(1, 1, config.dims[0])))

    def readout(self, x: Tensor, special: Tensor | None) -> Tensor:
        """Equation 4, or the mean; through the pre-training head if there is one."""
        y = super().readout(x, special)
        return y if self.pre_logits is None else ops.tanh(self.pre_logits(y))


SIZES: dict[str, dict[str, Any]] = {
    "ti": {"dims": (192,), "depths": (12,), "heads": (3,)},
    "s": {"dims": (384,), "depths": (12,), "heads": (6,)},
    "b": {"dims": (768,), "depths": (12,), "heads": (12,)},
    "l": {"dims": (1024,), "depths": (24,), "heads": (16,)},
    "h": {"dims": (1280,), "depths": (32,), "heads": (16,)},
    "g": {
        "dims": (1408,),
        "depths": (40,),
        "heads": (16,),
        "mlp_ratios": (6144 / 1408,),
    },
    "G": {
        "dims": (1664,),
        "depths": (48,),
        "heads": (16,),
        "mlp_ratios": (8192 / 1664,),
    },
}
PATCHES = {"ti": (16, 32), "s": (16, 32), "b": (16, 32), "l": (16, 32)}

VARIANTS = {
    f"vit-{size}{patch}": ViTConfig(
        f"vit-{size}{patch}", embed=((patch, patch, 0),), **numbers
    )
    for size, numbers in SIZES.items()
    for patch in PATCHES.get(size, (14,))
} | {
    "vit-digits16": ViTConfig(
        "vit-digits16",
        **DIGITS16,
        dims=(40,),
        depths=(3,),
        heads=(4,),
        embed=((4, 4, 0),),
        mlp_ratios=(2.0,),
    )
}
"""Tiny, Small, Base, Large and Huge, named with their patch; g and G are giants.

g and G are those of Zhai et al. 2021, whose MLP is not 4 times as wide.
digits16 learns digits while one waits.
"""
