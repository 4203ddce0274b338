"""A tiny model of every paper that attends, as the tests of maps use them."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt import models

PATCHES = {"image": (32, 48), "embed": ((8, 8, 0),)}
DEEP: dict[str, Any] = {"dims": (8,), "depths": (3,), "heads": (2,)}
PYRAMID: dict[str, Any] = {
    "image": (64, 96),
    "dims": (4, 6, 8, 8),
    "depths": (1, 2, 1, 2),
    "heads": (1, 2, 2, 4),
}
SOFT = DEEP | {"image": (48, 64), "stem_dim": 4}

TINY: dict[str, tuple[str, dict[str, Any]]] = {
    "vit": ("vit-ti16", DEEP | PATCHES),
    "vit, mean": ("vit-ti16", DEEP | PATCHES | {"cls": False}),
    "deit": ("deit-tiny", DEEP | PATCHES),
    "deit, distilled": ("deit-tiny-distilled", DEEP | PATCHES),
    "pvt": ("pvt-tiny", PYRAMID),
    "t2t": ("t2t-7", SOFT),
    "t2t-t": ("t2t-t-14", SOFT),
    "ceit": ("ceit-tiny", SOFT),
    "cmt": ("cmt-ti", PYRAMID | {"stem_dim": 4}),
}
"""A variant and what makes it tiny; none is for square images."""

CLASSES = 7


def tiny(name: str, dtype: str = "float32", **overrides: Any) -> Any:
    """Build one with weights large enough that attention is uneven."""
    variant, fields = TINY[name]
    fields = fields | {"num_classes": CLASSES} | overrides
    model = models.build(variant, dtype=dtype, seed=1, **fields).eval()
    rng = np.random.default_rng(5)
    for _, parameter in model.named_parameters():
        noise = rng.normal(scale=0.3, size=parameter.shape)
        parameter.assign((parameter.numpy() + noise).astype(dtype))
    return model


def convolutional() -> Any:
    """Build a small ResNet, which does not attend."""
    fields = {"dims": (16, 32), "depths": (1, 1), "image": (32, 32), "stem_dim": 8}
    return models.build("resnet-50", num_classes=CLASSES, **fields).eval()


def image_of(model: Any, seed: int = 2) -> np.ndarray:
    """Draw an image ``(H, W, C)`` of the size that ``model`` is for."""
    shape = (*model.config.image, model.config.in_chans)
    return np.random.default_rng(seed).normal(size=shape).astype(model.dtype)
