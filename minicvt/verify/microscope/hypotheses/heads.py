"""Heads of one paper each: DeiT's two, CMT's convolution, ViT's tanh, CeiT's LCA."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicvt import ops
from minicvt.grid import Grid
from minicvt.models.ceit import LayerwiseClassAttention
from minicvt.models.cmt import CMT
from minicvt.models.deit import DeiT
from minicvt.models.stage import Transformer
from minicvt.models.vit import ViT
from minicvt.verify.microscope.hypotheses.activation import CURVES
from minicvt.verify.microscope.hypothesis import Change, doing, suppose, weighing


def headed(join: Any) -> Change:
    """Join the two heads of a DeiT otherwise."""

    def forward(model: Any, images: Any) -> Any:
        tokens = model.norm(model.features(images)[1])
        return join(model.head(tokens[:, 0]), model.head_dist(tokens[:, 1]))

    def change(model: Any) -> None:
        if model.head_dist is not None:
            doing(forward=forward)(model)

    return change


HEADS = {
    "the class head answers alone": lambda y, y_dist: y,
    "the distillation head answers alone": lambda y, y_dist: y_dist,
    "the heads are added, not averaged": lambda y, y_dist: y + y_dist,
    "the heads' probabilities are averaged": lambda y, y_dist: (
        (ops.softmax(y) + ops.softmax(y_dist)) * 0.5
    ),
}


def pooled_first(model: Any, x: Any, special: Any) -> Any:
    """Average the places before the head looks at them."""
    pooled = x.mean(axis=(1, 2), keepdims=True)
    wide = ops.silu(model.head_bn(model.head_conv(pooled)))
    return model.head_drop(wide.mean(axis=(1, 2)))


def curved(curve: Any) -> Change:
    """Use another activation in CMT's head."""

    def readout(model: Any, x: Any, special: Any) -> Any:
        wide = curve(model.head_bn(model.head_conv(x)))
        return model.head_drop(wide.mean(axis=(1, 2)))

    return doing(readout=readout)


def represented(model: Any, x: Any, special: Any) -> Any:
    """Leave tanh out after the pre-training head."""
    y = Transformer.readout(model, x, special)
    return y if model.pre_logits is None else model.pre_logits(y)


def asked(lca: Any, classes: Any) -> tuple[Any, Any]:
    """Return the class tokens with positions, and what the last one gathers."""
    classes = classes + lca.pos_embed
    nowhere = Grid(0, 0, classes.shape[1])
    return classes, lca.attn(lca.norm1(classes), nowhere)


def no_first_residual(lca: Any, classes: Any) -> Any:
    """Leave the residual around layer-wise attention out."""
    _, last = asked(lca, classes)
    return last + lca.mlp(lca.norm2(last))


def no_second_residual(lca: Any, classes: Any) -> Any:
    """Leave the residual around its MLP out."""
    classes, gathered = asked(lca, classes)
    return lca.mlp(lca.norm2(classes[:, -1:] + gathered))


def last_class(lca: Any, classes: Any) -> Any:
    """Read the last class token as it is."""
    return classes[:, -1:]


LCA = LayerwiseClassAttention

HYPOTHESES = [
    *(suppose(words, DeiT, headed(join)) for words, join in HEADS.items()),
    suppose(
        "the mean is taken before the head looks", CMT, doing(readout=pooled_first)
    ),
    *(
        suppose(f"the head's activation is {words}", CMT, curved(curve))
        for words, curve in CURVES.items()
    ),
    suppose("tanh after pre_logits is missing", ViT, doing(readout=represented)),
    suppose(
        "layer-wise attention is missing: the last class token is read",
        LCA,
        doing(forward=last_class),
    ),
    suppose("its first residual is missing", LCA, doing(forward=no_first_residual)),
    suppose("its second residual is missing", LCA, doing(forward=no_second_residual)),
    suppose(
        "class tokens of layers have no position",
        LCA,
        weighing("pos_embed", np.zeros_like),
    ),
]
