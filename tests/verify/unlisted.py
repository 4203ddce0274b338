"""Bugs that no list has: the microscope must not give them a name.

Each is a function from a right CvT to a wrong one, which it changes in place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minicvt import ops
from minicvt.nn import (
    MLP,
    Attention,
    BatchNorm2d,
    Block,
    ConvEmbed,
    LayerNorm,
    Linear,
)
from minicvt.nn.projection import DepthwiseBN
from minicvt.tensor import Tensor
from tests.models.mistaking import Mutate, doing, each, weighing


def after(kind: type, change: Callable[[Any], Any]) -> Mutate:
    """Change what every part of a kind returns."""

    def forward(part: Any, *inputs: Any) -> Any:
        output = kind.forward(part, *inputs)
        if isinstance(output, tuple):
            return (change(output[0]), *output[1:])
        return change(output)

    return doing(kind, forward=forward)


def attending(change: Callable[..., Any]) -> Mutate:
    """Attend otherwise: ``change`` gets the module, then q, k and v as heads."""

    def forward(attn: Any, tokens: Any, grid: Any, bias: Any = None) -> Any:
        seen = attn.convolve(tokens, grid)
        heads = change(attn, *(attn.project(x, seen[x][0]) for x in "qkv"))
        batch, count, length, width = heads.shape
        merged = heads.transpose(0, 2, 1, 3).reshape(batch, length, count * width)
        return attn.proj(merged)

    return doing(Attention, forward=forward)


def named(part: str, change: Callable[[Any], Any]) -> Mutate:
    """Change the weights with ``part`` in their names."""
    return weighing(lambda s, _: {n: change(s[n]) for n in s if part in n})


def rounded(dtype: str) -> Callable[[Any], Any]:
    """Go through another precision."""
    return lambda x: Tensor(x.numpy().astype(dtype).astype(np.float64))


def scores(attn: Any, q: Any, k: Any) -> Any:
    return (q @ k.transpose(0, 1, 3, 2)) * attn.scale


def causal(attn: Any, q: Any, k: Any, v: Any) -> Any:
    s = scores(attn, q, k)
    hidden = np.triu(np.full(s.shape[2:], -1e9), 1)
    return ops.softmax(s + hidden) @ v


def cosine(attn: Any, q: Any, k: Any, v: Any) -> Any:
    q, k = (x / ((x * x).sum(axis=-1, keepdims=True) + 1e-6) ** 0.5 for x in (q, k))
    return ops.softmax((q @ k.transpose(0, 1, 3, 2)) * 10.0) @ v


def noisy(weight: Any) -> Any:
    return weight + np.random.default_rng(9).normal(0, 1e-3, weight.shape)


def over_tokens(norm: Any, x: Any) -> Any:
    mean = x.mean(axis=1, keepdims=True)
    var = ((x - mean) ** 2).mean(axis=1, keepdims=True)
    return (x - mean) / (var + norm.eps) ** 0.5 * norm.weight + norm.bias


def last_token_dropped(x: Any) -> Any:
    kept = np.ones((1, x.shape[1], 1))
    kept[:, -1] = 0
    return x * kept


def half_kept(x: Any) -> Any:
    kept = np.random.default_rng(8).random(x.shape) > 0.5
    return x * kept.astype(x.dtype)


def scaled_residual(block: Any, tokens: Any, grid: Any, bias: Any = None) -> Any:
    tokens = tokens + 0.9 * block.attn(block.norm1(tokens), grid, bias)
    return tokens + 0.9 * block.mlp(block.norm2(tokens), grid)


def wrapped(part: Any, tokens: Any, grid: Any) -> Any:
    """Shift the map around its border before it is filtered."""
    special, places = tokens[:, : grid.special], tokens[:, grid.special :]
    rolled = ops.concatenate(places[:, 1:], places[:, :1], axis=1)
    whole = ops.concatenate(special, rolled, axis=1) if grid.special else rolled
    return DepthwiseBN.forward(part, whole, grid)


def exchanged_blocks(state: dict[str, Any], model: Any) -> dict[str, Any]:
    pairs = [(n, n.replace("blocks.0", "blocks.1")) for n in state if "blocks.0" in n]
    pairs = [(a, b) for a, b in pairs if "stage2" in a and "mlp.fc1" in a]
    return {a: state[b] for a, b in pairs} | {b: state[a] for a, b in pairs}


def twice(model: Any) -> Any:
    def forward(block: Any, tokens: Any, *rest: Any) -> Any:
        return Block.forward(block, Block.forward(block, tokens, *rest), *rest)

    doing(Block, forward=forward)(model.stage1.blocks[0])
    return model


def turned(x: Any) -> Any:
    return x.transpose(0, 2, 1, 3)


def off_by_one(embed: Any, x: Any) -> Any:
    return ConvEmbed.forward(embed, np.roll(x.numpy(), 1, axis=1))


BUGS: dict[str, Mutate] = {
    "noise in a weight": named("stage1.blocks.0.attn.proj_k.weight", noisy),
    "one weight has another sign": named("stage0.blocks.0.mlp.fc2.bias", np.negative),
    "a weight is rounded to half precision": named(
        "stage2.blocks.1.attn.proj.weight", lambda w: w.astype("float16")
    ),
    "weights of two blocks are exchanged": weighing(exchanged_blocks),
    "the statistics are in the wrong order": named(
        "running_mean", lambda mean: mean[::-1]
    ),
    "classes are in another order": named("head.", lambda w: np.roll(w, 1, axis=0)),
    "the map is turned on its side": after(ConvEmbed, turned),
    "the crop is off by one": doing(
        ConvEmbed, forward=lambda e, x: ConvEmbed.forward(e, np.roll(x.numpy(), 1, 1))
    ),
    "the last token is dropped": after(Attention, last_token_dropped),
    "channels are in another order": after(ConvEmbed, lambda x: x[..., ::-1]),
    "activations are clipped": each(
        MLP, activation=lambda x: Tensor(np.clip(ops.quick_gelu(x).numpy(), -1, 1))
    ),
    "QuickGELU has 1.7 for 1.702": each(
        MLP, activation=lambda x: x * ops.sigmoid(1.7 * x)
    ),
    "the activation leaks": each(MLP, activation=lambda x: ops.maximum(x, x * 0.1)),
    "the answer is scaled by 1.01": named("head.", lambda w: 1.01 * w),
    "a Linear rounds to float32": after(Linear, rounded("float32")),
    "attention rounds to half precision": after(Attention, rounded("float16")),
    "LayerNorm norms over the tokens": doing(LayerNorm, forward=over_tokens),
    "LayerNorm's eps is 0.02": each(LayerNorm, eps=0.02),
    "BatchNorm's eps is 0.02": each(BatchNorm2d, eps=0.02),
    "residuals are scaled by 0.9": doing(Block, forward=scaled_residual),
    "scores are scaled by 1.1": attending(
        lambda a, q, k, v: ops.softmax(scores(a, q, k) * 1.1) @ v
    ),
    "attention is causal": attending(causal),
    "attention is by cosine": attending(cosine),
    "every other key is hidden": attending(
        lambda a, q, k, v: ops.softmax(scores(a, q, k[:, :, ::2])) @ v[:, :, ::2]
    ),
    "dropout is on": after(MLP, half_kept),
    "the border wraps around": doing(DepthwiseBN, forward=wrapped),
    "a block runs twice": twice,
    "the class token is doubled": named("cls_token", lambda token: 2 * token),
    "something is not a number": after(LayerNorm, lambda x: x * np.nan),
}
"""By what they are."""
