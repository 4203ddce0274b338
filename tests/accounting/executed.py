"""Models small enough to execute, and one training step of each under the ledger."""

from __future__ import annotations

from typing import Any

import numpy as np

import minicvt as mc
from minicvt.accounting import Ledger, count

CVT = "cvt-digits16"
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "cvt": (CVT, {}),
    "cvt avg": (CVT, {"projection": "avg"}),
    "cvt dense": (CVT, {"projection": "dense"}),
    "cvt shared": (CVT, {"shared": "qkv", "positions": "last"}),
    "cvt lucidrains": (CVT, {"dialect": "lucidrains"}),
    "cvt dropping": (CVT, {"dropout": 0.1, "drop_path": 0.2}),
    "vit": ("vit-digits16", {}),
    "deit": ("deit-digits16", {"distilled": True}),
    "pvt": ("pvt-digits16", {}),
    "t2t": ("t2t-digits16", {}),
    "t2t transformer": ("t2t-digits16", {"stem": "t2t_transformer"}),
    "ceit": ("ceit-digits16", {}),
    "cmt": ("cmt-digits16", {}),
    "resnet": ("resnet-digits16", {}),
}
"""One of every paper, and CvT's with what only some options run."""


def build(name: str) -> Any:
    """Build it with values."""
    variant, overrides = MODELS[name]
    return mc.models.build(variant, **overrides)


def step(model: Any, images: Any) -> tuple[Ledger, mc.Tensor, Any]:
    """Run there and back; return the ledger, what backward began at, and its tape."""
    with count() as ledger:
        logits = model(images)
        root = logits[0] + logits[1] if isinstance(logits, tuple) else logits
        tape = mc.tape(root)
        root.backward(np.ones(root.shape, root.dtype))
    return ledger, root, tape


def picture(model: Any) -> Any:
    """One image of the model's size."""
    c = model.config
    shape = (1, *c.image, c.in_chans)
    return np.random.default_rng(0).normal(size=shape).astype(model.dtype)
