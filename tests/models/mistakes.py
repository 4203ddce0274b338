"""Parts and weights with one mistake each, which stands on a line of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minicvt import ops
from minicvt.grid import Grid
from minicvt.nn import flatten, unflatten

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
    x = ops.gelu(stem.bn1(stem.conv1(x)))  # not bn1(gelu(conv1(x))), and so on
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
    pooled = x.mean(axis=(1, 2), keepdims=True)  # before the head looks at it
    return ops.silu(model.head_bn(model.head_conv(pooled))).mean(axis=(1, 2))


def gelu_head(model: Any, x: Any, special: Any) -> Any:
    wide = ops.gelu(model.head_bn(model.head_conv(x)))  # not silu
    return wide.mean(axis=(1, 2))


# CeiT


def with_relu(stem: Any, x: Any) -> Any:
    x = ops.relu(stem.bn(stem.conv(x)))  # no activation there
    return ops.max_pool2d(x, kernel=3, stride=2, padding=1)


def gelu_at_the_end(mlp: Any, tokens: Any, grid: Any) -> Any:
    x, special = unflatten(tokens, grid)
    h = ops.gelu(mlp.bn1(mlp.fc1(x)))
    z = ops.gelu(mlp.bn2(mlp.conv(h)))
    y = ops.gelu(mlp.bn3(mlp.fc2(z)))  # no activation there
    return flatten(y, special)[0]


def class_unchanged(block: Any, tokens: Any, grid: Any, bias: Any = None) -> Any:
    tokens = tokens + block.attn(block.norm1(tokens), grid, bias)
    places = tokens + block.mlp(block.norm2(tokens), grid)
    return ops.concatenate(tokens[:, :1], places[:, 1:], axis=1)  # not places alone


def no_first_residual(lca: Any, classes: Any) -> Any:
    classes = classes + lca.pos_embed
    nowhere = Grid(0, 0, classes.shape[1])
    last = lca.attn(lca.norm1(classes), nowhere)  # no classes[:, -1:] +
    return last + lca.mlp(lca.norm2(last))


def last_class(lca: Any, classes: Any) -> Any:
    return classes[:, -1:]  # no attention to the others
