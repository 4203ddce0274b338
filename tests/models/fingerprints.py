"""What goes wrong when a paper is written anew: each mistake, made on purpose.

tests/data/relatives/mutations.json says by how much each moves the logits of a
fixture. A mistake is a function from a right model to a wrong one: another
configuration, other weights, or a part that does something else, with what is wrong on
a line of its own. Models are changed in place: hand in one made for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MethodType
from typing import Any

import numpy as np

from minicvt import ops
from minicvt.grid import Grid
from minicvt.models.ceit import LayerwiseClassAttention
from minicvt.models.cmt import CMT
from minicvt.models.deit import DeiT
from minicvt.nn import (
    BatchNorm2d,
    Block,
    ConvMLP,
    Module,
    flatten,
    unflatten,
)
from minicvt.nn.projection import DepthwiseReduction, SpatialReduction
from minicvt.nn.stems import ConvStem, ImageToTokens
from minicvt.nn.token_layers import TokenLayer, TokenPerformer, TokenTransformer

Mutate = Callable[[Any], Any]


@dataclass(frozen=True)
class Fingerprint:
    """One mistake: whose fixture shows it, what it is, and how to make it."""

    fixture: str
    label: str
    mutate: Mutate


# ways to make a mistake


class Nothing(Module):
    """A part that was forgotten."""

    def forward(self, x: Any) -> Any:
        return x


def same(model: Any) -> Any:
    return model


def configured(**fields: Any) -> Mutate:
    """Build another configuration, with as many of the weights as it has."""

    def mutate(model: Any) -> Any:
        other = model.config.override(**fields).build(model.dtype)
        state = model.state_dict()
        other.load_state_dict({name: state[name] for name in other.state_dict()})
        return other.train(model.training)

    return mutate


def parts(model: Any, kind: type[Module]) -> list[Any]:
    return [part for _, part in model.named_modules() if isinstance(part, kind)]


def each(kind: type[Module], **values: Any) -> Mutate:
    """Set attributes of every part of a kind."""

    def mutate(model: Any) -> Any:
        for part in parts(model, kind):
            for name, value in values.items():
                setattr(part, name, value)
        return model

    return mutate


def doing(kind: type[Module], **functions: Callable[..., Any]) -> Mutate:
    """Replace methods of every part of a kind."""

    def mutate(model: Any) -> Any:
        for part in parts(model, kind):
            for name, function in functions.items():
                setattr(part, name, MethodType(function, part))
        return model

    return mutate


def weighing(change: Callable[[dict[str, Any], Any], dict[str, Any]]) -> Mutate:
    """Load other weights: ``change`` makes some, by name, of all and the model."""

    def mutate(model: Any) -> Any:
        state = model.state_dict()
        model.load_state_dict(state | change(state, model))
        return model

    return mutate


def exchanged(first: str, second: str, where: str = "") -> Mutate:
    """Take every weight with ``first`` in its name for that with ``second``."""

    def change(state: dict[str, Any], model: Any) -> dict[str, Any]:
        pairs = [(n, n.replace(first, second)) for n in state if first in n]
        pairs = [(a, b) for a, b in pairs if where in a]
        return {a: state[b] for a, b in pairs} | {b: state[a] for a, b in pairs}

    return weighing(change)


def times(factor: float, *names: str) -> Mutate:
    """Multiply the weights whose names begin so."""
    return weighing(lambda s, _: {n: factor * s[n] for n in s if n.startswith(names)})


# every paper


def qkv_per_head(state: dict[str, Any], model: Any) -> dict[str, Any]:
    made = {}
    for name in (n for n in state if ".attn.proj_q." in n):
        names = [name.replace("proj_q", f"proj_{x}") for x in "qkv"]
        rows = np.concatenate([state[n] for n in names])
        heads = model.config.heads[0]
        by_head = rows.reshape(heads, 3, -1, *rows.shape[1:])  # not (3, heads, ...)
        for i, n in enumerate(names):
            made[n] = by_head[:, i].reshape(state[n].shape)
    return made


def centre_less_one(state: dict[str, Any], model: Any) -> dict[str, Any]:
    """DWConv(x) + x becomes DWConv(x): the shortcut is 1 at the kernel's centre."""
    made = {n: state[n].copy() for n in state if n.endswith("local.weight")}
    for weight in made.values():
        weight[:, :, 1, 1] -= 1
    return made


# PVT


def no_place_for_class(state: dict[str, Any], model: Any) -> dict[str, Any]:
    table = state["stage3.pos_embed"].copy()
    table[:, 0] = 0
    return {"stage3.pos_embed": table}


# T2T-ViT


def waves_in_float64(state: dict[str, Any], model: Any) -> dict[str, Any]:
    _, tokens, dim = state["stage0.pos_embed"].shape
    p, j = np.arange(tokens)[:, None], np.arange(dim)
    angle = p / 10000.0 ** (2 * (j // 2) / dim)
    return {"stage0.pos_embed": np.where(j % 2, np.cos(angle), np.sin(angle))[None]}


def channels_last_windows(state: dict[str, Any], model: Any) -> dict[str, Any]:
    """Windows in the order (ky, kx, c): the columns that meet (c, ky, kx) change."""
    made = {}
    for name, kernel in (("stem.attention1", 7), ("stem.attention2", 3)):
        columns = [f"{name}.norm1.weight", f"{name}.norm1.bias"]
        columns += [f"{name}.proj_{x}.weight" for x in "qkv"]
        for n in columns:
            lead = state[n].shape[:-1]
            by_place = state[n].reshape(*lead, kernel, kernel, -1)
            made[n] = np.moveaxis(by_place, -1, -3).reshape(state[n].shape)
    last = state["stage0.patch_embed.proj.weight"]
    by_place = last.reshape(len(last), 3, 3, -1)
    made["stage0.patch_embed.proj.weight"] = np.moveaxis(by_place, -1, 1)
    return made


def without_v(layer: Any, tokens: Any, grid: Any) -> Any:
    x = layer.norm1(tokens)
    q, k, v = layer.proj_q(x), layer.proj_k(x), layer.proj_v(x)
    y = layer.proj(layer.mix(q, k, v, grid))  # no v +
    return y + layer.mlp(layer.norm2(y), grid)


def without_square(layer: Any, x: Any) -> Any:
    return ops.exp(ops.linear(x, layer.w)) / len(layer.w) ** 0.5  # no - |x|^2 / 2


def without_root_m(layer: Any, x: Any) -> Any:
    half_square = (x * x).sum(axis=-1, keepdims=True) / 2
    return ops.exp(ops.linear(x, layer.w) - half_square)  # no / sqrt(m)


# CMT


def bias_scaled(state: dict[str, Any], model: Any) -> dict[str, Any]:
    """(q k^T + B) * scale, which is scale q k^T + scale B."""
    blocks = {f"stage{i}.score_bias": s.blocks[0] for i, s in enumerate(model.stages)}
    return {name: b.attn.scale * state[name] for name, b in blocks.items()}


def norm_then_gelu(stem: Any, x: Any) -> Any:
    x = ops.gelu(stem.bn1(stem.conv1(x)))
    x = ops.gelu(stem.bn2(stem.conv2(x)))
    return ops.gelu(stem.bn3(stem.conv3(x)))


def irffn(middle: Callable[..., Any], first: Callable[..., Any] | None = None) -> Any:
    """Make a forward of another ``middle``, and perhaps ``first``, third of IRFFN."""

    def forward(mlp: Any, tokens: Any, grid: Any) -> Any:
        x, special = unflatten(tokens, grid)
        x = mlp.fc1(x)
        h = first(mlp, x) if first else mlp.bn1(ops.gelu(x))
        return flatten(mlp.bn3(mlp.fc2(middle(mlp, h))), special)[0]

    return forward


NORM_THEN_GELU = irffn(
    first=lambda mlp, x: ops.gelu(mlp.bn1(x)),
    middle=lambda mlp, h: ops.gelu(mlp.bn2(mlp.conv(h) + h)),
)
SHORTCUT_OUTSIDE = irffn(lambda mlp, h: mlp.bn2(ops.gelu(mlp.conv(h))) + h)
NO_SHORTCUT = irffn(lambda mlp, h: mlp.bn2(ops.gelu(mlp.conv(h))))


def pooled_first(model: Any, x: Any, special: Any) -> Any:
    pooled = x.mean(axis=(1, 2), keepdims=True)
    return ops.silu(model.head_bn(model.head_conv(pooled))).mean(axis=(1, 2))


def gelu_head(model: Any, x: Any, special: Any) -> Any:
    return ops.gelu(model.head_bn(model.head_conv(x))).mean(axis=(1, 2))


# CeiT


def with_relu(stem: Any, x: Any) -> Any:
    x = ops.relu(stem.bn(stem.conv(x)))
    return ops.max_pool2d(x, kernel=3, stride=2, padding=1)


def gelu_at_the_end(mlp: Any, tokens: Any, grid: Any) -> Any:
    x, special = unflatten(tokens, grid)
    h = ops.gelu(mlp.bn1(mlp.fc1(x)))
    z = ops.gelu(mlp.bn2(mlp.conv(h)))
    return flatten(ops.gelu(mlp.bn3(mlp.fc2(z))), special)[0]


def class_unchanged(block: Any, tokens: Any, grid: Any, bias: Any = None) -> Any:
    tokens = tokens + block.attn(block.norm1(tokens), grid, bias)
    places = tokens + block.mlp(block.norm2(tokens), grid)
    return ops.concatenate(tokens[:, :1], places[:, 1:], axis=1)


def no_first_residual(lca: Any, classes: Any) -> Any:
    classes = classes + lca.pos_embed
    nowhere = Grid(0, 0, classes.shape[1])
    last = lca.attn(lca.norm1(classes), nowhere)  # no classes[:, -1:] +
    return last + lca.mlp(lca.norm2(last))


def last_class(lca: Any, classes: Any) -> Any:
    return classes[:, -1:]


PLAIN = {
    "no change": same,
    "GELU tanh instead of exact": configured(activation="gelu_tanh"),
    "LayerNorm eps 1e-5 instead of 1e-6": configured(norm_eps=1e-5),
    "LayerNorm eps 1e-12 (HF default) instead of 1e-6": configured(norm_eps=1e-12),
    "scale dim**-0.5 instead of head_dim**-0.5": configured(scale="dim"),
    "q,k,v rows read per head (h,3,dh) instead of (3,h,dh)": weighing(qkv_per_head),
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
        "no position entry for the class token": weighing(no_place_for_class),
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
            waves_in_float64
        ),
        "unfold rows (ky,kx,c) instead of (c,ky,kx)": weighing(channels_last_windows),
        "no v skip in the token attention": doing(TokenLayer, forward=without_v),
    },
    "t2t_performer_a": {
        "no change": same,
        "rows read as q,k,v instead of k,q,v": exchanged("proj_q", "proj_k", "stem."),
        "denominator epsilon 0 instead of 1e-8": each(TokenPerformer, epsilon=0.0),
        "denominator epsilon 1e-6": each(TokenPerformer, epsilon=1e-6),
        "without the -|x|^2/2 term": doing(TokenPerformer, features=without_square),
        "LayerNorm eps 1e-6 instead of 1e-5": configured(norm_eps=1e-6),
        "without the 1/sqrt(m) factor (only the epsilon sees it)": doing(
            TokenPerformer, features=without_root_m
        ),
    },
    "cmt_a": {
        "no change": same,
        "GELU tanh": configured(activation="gelu_tanh"),
        "patch-embed norm eps 1e-6 instead of 1e-5": configured(embed_eps=1e-6),
        "block norm eps 1e-5 instead of 1e-6": configured(norm_eps=1e-5),
        "BatchNorm eps 1e-3": each(BatchNorm2d, eps=1e-3),
        "no relative position bias": configured(positions="none"),
        "(qk + B)*scale instead of qk*scale + B": weighing(bias_scaled),
        "IRFFN BN then GELU (instead of GELU then BN)": doing(
            ConvMLP, forward=NORM_THEN_GELU
        ),
        "IRFFN BN(GELU(DW(x)))+x instead of BN(GELU(DW(x)+x))": doing(
            ConvMLP, forward=SHORTCUT_OUTSIDE
        ),
        "IRFFN without the DW shortcut": doing(ConvMLP, forward=NO_SHORTCUT),
        "LPU without shortcut": weighing(centre_less_one),
        "no BatchNorm after the sr conv": each(DepthwiseReduction, bn=Nothing()),
        "average pool before _fc/_bn/_swish instead of after": doing(
            CMT, readout=pooled_first
        ),
        "GELU instead of swish in the head": doing(CMT, readout=gelu_head),
        "stem conv-BN-GELU instead of conv-GELU-BN": doing(
            ConvStem, forward=norm_then_gelu
        ),
    },
    "ceit_a": {
        "no change": same,
        "GELU tanh": configured(activation="gelu_tanh"),
        "ReLU after the stem BN": doing(ImageToTokens, forward=with_relu),
        "LeFF with GELU after conv3+BN (paper eq.)": doing(
            ConvMLP, forward=gelu_at_the_end
        ),
        "class token unchanged by LeFF (x_cls, not x_cls+LN2(x_cls))": doing(
            Block, forward=class_unchanged
        ),
        "no pos_layer_embed": times(0, "lca.pos_embed"),
        "LCA without its first residual": doing(
            LayerwiseClassAttention, forward=no_first_residual
        ),
        "no LCA: final norm on the last class token": doing(
            LayerwiseClassAttention, forward=last_class
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
