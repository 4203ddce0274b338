"""T2T-ViT's stem: its scale, its residual, its windows, its kernel features."""

from __future__ import annotations

from typing import Any

from minicvt import ops
from minicvt.nn.token_layers import TokenLayer, TokenPerformer, TokenTransformer
from minicvt.verify.microscope.hypothesis import (
    Change,
    doing,
    exchanging,
    setting,
    suppose,
)


def without_v(layer: Any, tokens: Any, grid: Any) -> Any:
    """Leave v out of the residual."""
    x = layer.norm1(tokens)
    q, k, v = layer.proj_q(x), layer.proj_k(x), layer.proj_v(x)
    y = layer.drop(layer.proj(layer.mix(q, k, v, grid)))
    return y + layer.drop(layer.mlp(layer.norm2(y), grid))


def without_second(layer: Any, tokens: Any, grid: Any) -> Any:
    """Leave the residual around the MLP out."""
    x = layer.norm1(tokens)
    q, k, v = layer.proj_q(x), layer.proj_k(x), layer.proj_v(x)
    y = v + layer.drop(layer.proj(layer.mix(q, k, v, grid)))
    return layer.drop(layer.mlp(layer.norm2(y), grid))


KERNELS = {147: 7, 49: 7}
"""Side of a window by its length, for colour and grey images; else it is 3."""


def by_place(layer: Any) -> None:
    """Read each window as (row, column, channel), not as (channel, row, column)."""
    run = layer.forward.__func__

    def forward(layer: Any, tokens: Any, grid: Any) -> Any:
        batch, count, length = tokens.shape
        area = KERNELS.get(length, 3) ** 2
        windows = tokens.reshape(batch, count, length // area, area)
        turned = windows.transpose(0, 1, 3, 2).reshape(batch, count, length)
        return run(layer, turned, grid)

    doing(forward=forward)(layer)


def scaled(rule: Any) -> Change:
    """Scale the scores by ``rule`` of the width in and the width of q."""

    def change(layer: Any) -> None:
        layer.scale = rule(*reversed(layer.proj_q.weight.shape))

    return change


def featured(square: bool = True, root: bool = True) -> Change:
    """Make the features without one of their factors."""

    def features(layer: Any, x: Any) -> Any:
        y = ops.linear(x, layer.w)
        if square:
            y = y - (x * x).sum(axis=-1, keepdims=True) / 2
        return ops.exp(y) / (layer.w.shape[0] ** 0.5 if root else 1.0)

    return doing(features=features)


def rescaled(layer: Any) -> None:
    """Divide q and k by the fourth root of their width, as softmax attention would."""
    make, width = layer.features.__func__, layer.w.shape[1]
    doing(features=lambda layer, x: make(layer, x / width**0.25))(layer)


SCALES = {
    "token_dim^-0.5": lambda wide, dim: dim**-0.5,
    "missing": lambda wide, dim: 1.0,
}

HYPOTHESES = [
    *(
        suppose(f"the token layer's scale is {words}", TokenTransformer, scaled(rule))
        for words, rule in SCALES.items()
    ),
    suppose("the residual from v is missing", TokenLayer, doing(forward=without_v)),
    suppose(
        "the token layer's second residual is missing",
        TokenLayer,
        doing(forward=without_second),
    ),
    suppose("windows are read as (row, column, channel)", TokenLayer, by_place),
    *(
        suppose(
            f"{a} and {b} of the token layer are exchanged",
            TokenLayer,
            exchanging((f"proj_{a}", f"proj_{b}")),
        )
        for a, b in ("qk", "qv", "kv")
    ),
    *(
        suppose(
            f"the denominator's epsilon is {eps:g}",
            TokenPerformer,
            setting(epsilon=eps),
        )
        for eps in (0.0, 1e-12, 1e-8, 1e-6, 1e-5)
    ),
    suppose("features lack -|x|^2 / 2", TokenPerformer, featured(square=False)),
    suppose("features lack 1 / sqrt(m)", TokenPerformer, featured(root=False)),
    suppose("q and k are divided by dim^1/4", TokenPerformer, rescaled),
]
