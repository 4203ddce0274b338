"""What a configuration chose, part by part, in words.

A column of the table that shows the papers as variations of one block. Its parts are
those that costs are counted by (:mod:`minicvt.models.parts`), and a few that cost
nothing.
"""

from __future__ import annotations

from typing import Any

from minicvt.models import resnet
from minicvt.models.architecture import Architecture
from minicvt.models.config import Config
from minicvt.models.wording import each, places, stages, window
from minicvt.nn import key_grid
from minicvt.nn.stems import stem_named

STEMS = {
    "cmt": "3 x (3x3 convolution, activation, BatchNorm)",
    "ceit": "7x7 convolution, BatchNorm, max pooling",
    "t2t_performer": "2 x (soft split, token layer with kernel attention)",
    "t2t_transformer": "2 x (soft split, token layer with attention)",
}
PROJECTIONS = {
    "linear": "none",
    "dw_bn": "q: depthwise 3x3, BatchNorm\nk, v: {shared}, stride {R}",
    "avg": "q: none\nk, v: 3x3 average pooling, stride {R}",
    "dense": "q: full 3x3 convolution\nk, v: one each, stride {R}",
    "sr": "q: none\nk, v: one RxR convolution, LayerNorm\nR = {R}",
    "dw_sr": "q: none\nk, v: one depthwise RxR, BatchNorm\nR = {R}",
}
SHARED = {"none": "one each", "kv": "one for both", "qkv": "that of q"}
FEED_FORWARDS = {
    "mlp": "Linear to {ratio} x, activation, Linear",
    "leff": "1x1 to {ratio} x, depthwise {k}x{k}, 1x1: {norm}activation",
    "irffn": "1x1 to {ratio} x, x + depthwise {k}x{k}, 1x1: activation{norm}",
}
ACTIVATIONS = {
    "gelu": "GELU",
    "gelu_tanh": "GELU, tanh form",
    "quick_gelu": "QuickGELU",
    "silu": "swish",
    "relu": "ReLU",
}
DROP_PATHS = {
    "linear": "drop path up to {}, growing over a stage",
    "across": "drop path up to {}, growing over all blocks",
    "stage_index": "drop path up to {}, one rate a stage",
    "none": "drop path {}, unused",
}


def choices(config: Config) -> dict[str, str]:
    """Say what ``config`` chose, by part, in the order of a forward pass."""
    own: Any = _resnet if isinstance(config, resnet.ResNetConfig) else _transformer
    height, width = config.image
    return {"image": f"{height} x {width}, {config.in_chans} channels", **own(config)}


def _transformer(c: Architecture) -> dict[str, str]:
    return {
        "depth": f"{each(c.depths)} blocks",
        "width": f"{each(c.dims)} channels",
        "stem": _stem(c),
        "token embedding": stages(map(window, c.embed)) + "\nLayerNorm" * c.embed_norm,
        "positions": _positions(c),
        "class token": _class_token(c),
        "local perception": stages(
            "x + depthwise 3x3" if x else "none" for x in c.local
        ),
        "convolutional projection": _projection(c),
        "q, k, v linear": _linear(c),
        "heads": each(c.heads),
        "scale": f"{c.scale}^-0.5",
        "score bias": _score_bias(c),
        "attention products": _tokens(c),
        "output linear": "Linear",
        "MLP": _feed_forward(c),
        "activation": ACTIVATIONS[c.activation],
        "LayerNorm": _norms(c),
        "layer-wise class attention": _layer_wise(c),
        "head": _head(c),
        "training": _training(c),
    }


def _stem(c: Architecture) -> str:
    if c.stem == "none":
        return "none"
    return (
        f"{STEMS[c.stem]}; {c.stem_width} channels, stride {stem_named(c.stem).stride}"
    )


def _positions(c: Architecture) -> str:
    kinds = {"learned": "learned", "sinusoid": "sines and cosines, not learned"}
    where = places(map(c.has_positions, range(len(c.dims))))
    if not where or c.position_kind not in kinds:
        return "none"
    resampled = "" if c.resampling == "none" else f"; resampled: {c.resampling}"
    return f"{kinds[c.position_kind]}, {where}{resampled}"


def _score_bias(c: Architecture) -> str:
    where = places(map(c.has_positions, range(len(c.dims))))
    if not where or c.position_kind != "score_bias":
        return "none"
    return f"learned, for each head, query and key, {where}"


def _class_token(c: Architecture) -> str:
    distilled = ", and one of distillation" * getattr(c, "distilled", False)
    return (places(c.cls) or "none") + distilled


def _projection(c: Architecture) -> str:
    """Say it once where stages differ in R alone."""
    shared = SHARED[c.shared]
    if len(set(c.projection)) == 1:
        text = PROJECTIONS[c.projection[0]]
        return text.format(R=each(c.kv_stride), shared=shared)
    both = zip(c.projection, c.kv_stride, strict=True)
    return stages(PROJECTIONS[p].format(R=r, shared=shared) for p, r in both)


def _linear(c: Architecture) -> str:
    if set(c.projection) == {"dense"}:
        return "none: the convolutions are both"
    narrow = f"; q and k {c.qk_ratio} times narrower" * (c.qk_ratio > 1)
    return f"with{'' if c.qkv_bias else 'out'} bias{narrow}"


def _tokens(c: Architecture) -> str:
    grids = c.grids()
    stages = zip(c.projection, c.kv_stride, grids, strict=True)
    keys = each(key_grid(*stage).tokens for stage in stages)
    return f"q: {each(grid.tokens for grid in grids)} tokens\nk, v: {keys}"


def _feed_forward(c: Architecture) -> str:
    ratios = [f"{ratio:.3g}" for ratio in c.mlp_ratios]

    def said(ffn: str, ratio: str) -> str:
        norm = {"leff": "BatchNorm, then ", "irffn": ", then BatchNorm"}.get(ffn, "")
        values = {"ratio": ratio, "k": c.ffn_kernel, "norm": norm * c.ffn_norm}
        return FEED_FORWARDS[ffn].format(**values)

    if len(set(c.ffn)) == 1:
        return said(c.ffn[0], each(ratios))
    return stages(map(said, c.ffn, ratios))


def _norms(c: Architecture) -> str:
    eps, embed_eps = (
        f"{n:.0e}".replace("e-0", "e-") for n in (c.norm_eps, c.embed_eps)
    )
    both = eps != embed_eps and (c.embed_norm or "sr" in c.projection)
    return f"eps {eps}" + f", {embed_eps} in embeddings and reductions" * both


def _layer_wise(c: Architecture) -> str:
    if c.paper != "ceit":
        return "none"
    return f"the last class token asks those of all {c.depths[-1]} blocks"


def _head(c: Any) -> str:
    last = f"Linear to {c.num_classes:,}"
    if c.paper == "cmt":
        wide = f"1x1 to {c.head_width:,}, BatchNorm, swish, mean"
        return f"{wide}, dropout {c.head_dropout}, {last}"
    read = "class token" if c.cls[-1] else "mean"
    steps = ["LayerNorm"] * c.final_norm + [read]
    if width := getattr(c, "representation", 0):
        steps.append(f"tanh(Linear to {width:,})")
    second = getattr(c, "distilled", False) and c.dist_head
    return ", ".join([*steps, last]) + ", another for distillation: their mean" * second


def _training(c: Architecture) -> str:
    drop = DROP_PATHS[c.drop_path_rule].format(each(c.drop_path)) * any(c.drop_path)
    steps = (f"init {c.init}", drop, "of whole samples" * c.drop_sum)
    dropout = f"dropout {c.dropout}" * bool(c.dropout)
    return ", ".join(filter(None, (*steps, dropout)))


def _resnet(c: resnet.ResNetConfig) -> dict[str, str]:
    kernel, stride, padding, pooling = resnet.STEMS[c.stem]
    stem = f"{window((kernel, stride, padding))}, BatchNorm, ReLU"
    return {
        "depth": f"{each(c.depths)} bottlenecks",
        "width": f"{each(c.dims)} channels",
        "stem": f"{stem}{', max pooling' * pooling}; {c.stem_dim} channels",
        "bottlenecks": f"1x1, 3x3, 1x1 convolutions, BatchNorm, ReLU; a stage "
        f"starts with stride 2 in {c.stride_in}",
        "activation": ACTIVATIONS["relu"],
        "head": f"mean, Linear to {c.num_classes:,}",
        "training": f"init {c.init}",
    }
