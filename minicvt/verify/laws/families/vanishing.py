"""Parameters that no loss can see: their gradient is zero, and no other one is.

What is measured is the largest entry of the gradient relative to that of all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minicvt import ops
from minicvt.kernels.types import Array
from minicvt.models import build, variant
from minicvt.models.registry import PAPERS
from minicvt.verify.laws.law import Family
from minicvt.verify.laws.parts import weighed
from minicvt.verify.operations import Draw

FAMILY = Family(
    "Gradients that vanish",
    "The difference from zero is relative to the largest gradient of the model; in "
    "evaluation and in training.",
)
SMALL: dict[str, Any] = {
    "image": (36, 44),
    "dims": (6, 8, 12),
    "depths": (1, 1, 2),
    "heads": (1, 2, 3),
    "drop_path": (0.0,),
}
LAST = "stage2.blocks.1.attn.conv_proj_q"
"""The convolution of the last block's queries: the class token passes it by."""


def gradients(draw: Draw, model: Any) -> dict[str, Array]:
    """Return the gradients of random logits' cotangents, by name."""
    model = weighed(draw, model).train(draw.one_of(True, False))
    answer = model(draw.normal(2, *model.config.image, model.config.in_chans))
    two = isinstance(answer, tuple)  # DeiT's, in training
    logits = ops.concatenate(*answer, axis=-1) if two else answer
    logits.backward(np.random.default_rng(7).normal(0.2, 1, logits.shape))
    return {name: p.grad for name, p in model.named_parameters() if p.requires_grad}


def cvt(draw: Draw, **changes: Any) -> dict[str, Array]:
    """Return those of a small CvT-13."""
    return gradients(draw, variant("cvt-13", **(SMALL | changes)).build("float64"))


def share(found: dict[str, Array], names: Iterable[str]) -> list[float]:
    """Return by how much each of some gradients differs from zero."""
    largest = max(float(np.abs(g).max()) for g in found.values())
    return [float(np.abs(found[name]).max()) / largest for name in names]


def of_keys(found: dict[str, Array], part: str) -> list[str]:
    """Name a parameter of the keys in every block of the backbone."""
    return [n for n in found if n.endswith(part) and not n.startswith("stem.")]


@FAMILY.equal("The bias of the keys, in every paper's model.", "dL/db_k = 0")
def key_bias(draw: Draw) -> float:
    """softmax(q (k + b)') = softmax(q k' + q b') = softmax(q k')."""
    worst = []
    for paper in PAPERS:
        if paper != "resnet":
            model = build(f"{paper}-digits16", dtype="float64", qkv_bias=True)
            found = gradients(draw, model)
            worst += share(found, of_keys(found, "proj_k.bias"))
    return max(worst)


STAGES = ("stage0", "stage1")


@FAMILY.equal(
    "The shift of the keys' BatchNorm, without a class token.", "dL/dbeta_k = 0"
)
def key_shift(draw: Draw) -> float:
    """It moves all keys alike."""
    found = cvt(draw)
    names = of_keys(found, "conv_proj_k.bn.bias")
    return max(share(found, (n for n in names if n.startswith(STAGES))))


@FAMILY.unequal("With a class token it does not vanish.", "dL/dbeta_k != 0")
def key_shift_with_class(draw: Draw) -> float:
    """That one passes BatchNorm by: not all keys move."""
    found = cvt(draw)
    names = of_keys(found, "conv_proj_k.bn.bias")
    return max(share(found, (n for n in names if not n.startswith(STAGES))))


@FAMILY.equal(
    "The last convolution of queries, which a class token passes by: 9C + 2C.",
    "dL/dw_q = dL/dgamma_q = dL/dbeta_q = 0",
)
def dead(draw: Draw) -> float:
    """The head reads the class token alone."""
    found = cvt(draw)
    return max(share(found, (name for name in found if name.startswith(LAST))))


@FAMILY.unequal("Where the mean of all tokens is read they do not.", "dL/dw_q != 0")
def alive(draw: Draw) -> float:
    """Then every query is read."""
    found = cvt(draw, cls=(False,))
    return min(share(found, (name for name in found if name.startswith(LAST))))


@FAMILY.unequal("Nor does any other gradient of CvT.", "dL/dw != 0")
def others(draw: Draw) -> float:
    """The smallest of those that are left."""
    found = cvt(draw)
    shifts = [n for n in of_keys(found, "bn.bias") if n.startswith(STAGES)]
    none = {*of_keys(found, "proj_k.bias"), *(n for n in shifts if "proj_k" in n)}
    rest = [n for n in found if n not in none and not n.startswith(LAST)]
    return min(share(found, rest))
