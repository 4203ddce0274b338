"""What goes wrong when a paper is written anew: each mistake, made on purpose.

tests/data/relatives/mutations.json says by how much each moves the logits of a
fixture. A mistake is a function from a right model to a wrong one, made by another
configuration, other weights or a part that does something else.
"""

from __future__ import annotations

from dataclasses import dataclass

from minicvt.models.ceit import LayerwiseClassAttention
from minicvt.models.cmt import CMT
from minicvt.models.deit import DeiT
from minicvt.nn import BatchNorm2d, Block, ConvMLP
from minicvt.nn.projection import DepthwiseReduction, SpatialReduction
from minicvt.nn.stems import ConvStem, ImageToTokens
from minicvt.nn.token_layers import TokenLayer, TokenPerformer, TokenTransformer
from tests.models import mistakes as wrong
from tests.models.mistaking import (
    Mutate,
    Nothing,
    configured,
    doing,
    each,
    exchanged,
    same,
    times,
    weighing,
)


@dataclass(frozen=True)
class Fingerprint:
    """One mistake: whose fixture shows it, what it is, and how to make it."""

    fixture: str
    label: str
    mutate: Mutate


PLAIN = {
    "no change": same,
    "GELU tanh instead of exact": configured(activation="gelu_tanh"),
    "LayerNorm eps 1e-5 instead of 1e-6": configured(norm_eps=1e-5),
    "LayerNorm eps 1e-12 (HF default) instead of 1e-6": configured(norm_eps=1e-12),
    "scale dim**-0.5 instead of head_dim**-0.5": configured(scale="dim"),
    "q,k,v rows read per head (h,3,dh) instead of (3,h,dh)": weighing(
        wrong.qkv_per_head
    ),
    "q and k swapped": exchanged("proj_q", "proj_k"),
}
CAUSES: dict[str, dict[str, Mutate]] = {
    "vit_timm_a": PLAIN,
    "deit_a": PLAIN
    | {
        "class head only": each(DeiT, head_dist=None),
        "sum of heads instead of mean": times(2, "head"),
        "order (dist, cls, patches) instead of (cls, dist, patches)": exchanged(
            "cls_token", "dist_token"
        ),
    },
    "pvt_a": {
        "no change": same,
        "patch-embed and sr norm eps 1e-6 instead of 1e-5": configured(embed_eps=1e-6),
        "all eps 1e-5": configured(norm_eps=1e-5),
        "GELU tanh": configured(activation="gelu_tanh"),
        "no norm after the sr conv": each(SpatialReduction, norm=Nothing()),
        "v,k order instead of k,v": exchanged("proj_v", "proj_k"),
        "no position entry for the class token": weighing(wrong.no_place_for_class),
        "no patch-embed norm": configured(embed_norm=False),
    },
    "t2t_transformer_a": {
        "no change": same,
        "token attention scale token_dim**-0.5 instead of (input dim)**-0.5": each(
            TokenTransformer, scale=8**-0.5
        ),
        "LayerNorm eps 1e-6 instead of 1e-5": configured(norm_eps=1e-6),
        "GELU tanh": configured(activation="gelu_tanh"),
        "backbone qk_scale embed_dim**-0.5 (what pretrained=True sets)": configured(
            scale="dim"
        ),
        "sinusoid table in float64 (official rounds to float32)": weighing(
            wrong.waves_in_float64
        ),
        "unfold rows (ky,kx,c) instead of (c,ky,kx)": weighing(
            wrong.channels_last_windows
        ),
        "no v skip in the token attention": doing(TokenLayer, forward=wrong.without_v),
    },
    "t2t_performer_a": {
        "no change": same,
        "rows read as q,k,v instead of k,q,v": exchanged("proj_q", "proj_k", "stem."),
        "denominator epsilon 0 instead of 1e-8": each(TokenPerformer, epsilon=0.0),
        "denominator epsilon 1e-6": each(TokenPerformer, epsilon=1e-6),
        "without the -|x|^2/2 term": doing(
            TokenPerformer, features=wrong.without_square
        ),
        "LayerNorm eps 1e-6 instead of 1e-5": configured(norm_eps=1e-6),
        "without the 1/sqrt(m) factor (only the epsilon sees it)": doing(
            TokenPerformer, features=wrong.without_root_m
        ),
    },
    "cmt_a": {
        "no change": same,
        "GELU tanh": configured(activation="gelu_tanh"),
        "patch-embed norm eps 1e-6 instead of 1e-5": configured(embed_eps=1e-6),
        "block norm eps 1e-5 instead of 1e-6": configured(norm_eps=1e-5),
        "BatchNorm eps 1e-3": each(BatchNorm2d, eps=1e-3),
        "no relative position bias": configured(positions="none"),
        "(qk + B)*scale instead of qk*scale + B": weighing(wrong.bias_scaled),
        "IRFFN BN then GELU (instead of GELU then BN)": doing(
            ConvMLP, forward=wrong.NORM_THEN_GELU
        ),
        "IRFFN BN(GELU(DW(x)))+x instead of BN(GELU(DW(x)+x))": doing(
            ConvMLP, forward=wrong.SHORTCUT_OUTSIDE
        ),
        "IRFFN without the DW shortcut": doing(ConvMLP, forward=wrong.NO_SHORTCUT),
        "LPU without shortcut": weighing(wrong.centre_less_one),
        "no BatchNorm after the sr conv": each(DepthwiseReduction, bn=Nothing()),
        "average pool before _fc/_bn/_swish instead of after": doing(
            CMT, readout=wrong.pooled_first
        ),
        "GELU instead of swish in the head": doing(CMT, readout=wrong.gelu_head),
        "stem conv-BN-GELU instead of conv-GELU-BN": doing(
            ConvStem, forward=wrong.norm_then_gelu
        ),
    },
    "ceit_a": {
        "no change": same,
        "GELU tanh": configured(activation="gelu_tanh"),
        "ReLU after the stem BN": doing(ImageToTokens, forward=wrong.with_relu),
        "LeFF with GELU after conv3+BN (paper eq.)": doing(
            ConvMLP, forward=wrong.gelu_at_the_end
        ),
        "class token unchanged by LeFF (x_cls, not x_cls+LN2(x_cls))": doing(
            Block, forward=wrong.class_unchanged
        ),
        "no pos_layer_embed": times(0, "lca.pos_embed"),
        "LCA without its first residual": doing(
            LayerwiseClassAttention, forward=wrong.no_first_residual
        ),
        "no LCA: final norm on the last class token": doing(
            LayerwiseClassAttention, forward=wrong.last_class
        ),
        "last block LeFF replaced by zero weights (dead code: must be 0)": times(
            0, "stage0.blocks.1.mlp."
        ),
        "BN eps 1e-3": each(BatchNorm2d, eps=1e-3),
        "LayerNorm eps 1e-5 instead of 1e-6": configured(norm_eps=1e-5),
    },
}
FINGERPRINTS = [
    Fingerprint(fixture, label, mutate)
    for fixture, causes in CAUSES.items()
    for label, mutate in causes.items()
]
"""All of them, by the labels of mutations.json."""
