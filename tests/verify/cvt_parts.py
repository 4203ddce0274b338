"""Parts of a CvT that do something else, each written out in its own way."""

from __future__ import annotations

from types import MethodType
from typing import Any

from minicvt import ops
from minicvt.nn import (
    Attention,
    BatchNorm2d,
    flatten,
    unflatten,
)
from minicvt.nn.projection import AvgPool
from tests.models.mistaking import (
    Mutate,
    configured,
    doing,
    parts,
    weighing,
)


def answering(change: Any) -> Mutate:
    """Change what the model answers, or what is read of its last tokens."""

    def mutate(model: Any) -> Any:
        change(model)
        return model

    return mutate


def heads_of(attn: Any, tokens: Any, grid: Any) -> tuple[Any, Any, Any]:
    seen = attn.convolve(tokens, grid)
    q, k, v = (getattr(attn, f"proj_{x}")(seen[x][0]) for x in "qkv")
    return q, k, v


def cut_wrong(attn: Any, tokens: Any, grid: Any, bias: Any = None) -> Any:
    q, k, v = heads_of(attn, tokens, grid)
    width = q.shape[-1] // attn.heads
    q, k, v = (x.reshape(len(x), attn.heads, -1, width) for x in (q, k, v))
    y = ops.softmax((q @ k.transpose(0, 1, 3, 2)) * attn.scale) @ v
    return attn.proj(y.transpose(0, 2, 1, 3).reshape(*tokens.shape))


def merged_wrong(attn: Any, tokens: Any, grid: Any, bias: Any = None) -> Any:
    seen = attn.convolve(tokens, grid)
    q, k, v = (attn.project(x, seen[x][0]) for x in "qkv")
    return attn.proj(ops.attend(q, k, v, scale=attn.scale).reshape(*tokens.shape))


def interleaved(attn: Any, tokens: Any, grid: Any, bias: Any = None) -> Any:
    q, k, v = heads_of(attn, tokens, grid)
    made = []
    for h in range(attn.heads):
        a, b, c = (x[:, :, h :: attn.heads] for x in (q, k, v))
        made.append(ops.softmax((a @ b.transpose(0, 2, 1)) * attn.scale) @ c)
    y = ops.concatenate(*(x.reshape(*x.shape, 1) for x in made), axis=3)
    return attn.proj(y.reshape(*tokens.shape))


def over_queries(attn: Any, tokens: Any, grid: Any, bias: Any = None) -> Any:
    seen = attn.convolve(tokens, grid)
    q, k, v = (attn.project(x, seen[x][0]) for x in "qkv")
    e = ops.exp((q @ k.transpose(0, 1, 3, 2)) * attn.scale)
    y = (e / e.sum(axis=2, keepdims=True)) @ v
    return attn.proj(y.transpose(0, 2, 1, 3).reshape(*tokens.shape))


def linear_attention(attn: Any, tokens: Any, grid: Any, bias: Any = None) -> Any:
    seen = attn.convolve(tokens, grid)
    q, k, v = (attn.project(x, seen[x][0]) for x in "qkv")
    y = (q @ k.transpose(0, 1, 3, 2)) * attn.scale @ v
    return attn.proj(y.transpose(0, 2, 1, 3).reshape(*tokens.shape))


def class_normed(part: Any, tokens: Any, grid: Any) -> Any:
    x, special = unflatten(tokens, grid)
    return flatten(part.bn(part.conv(x)), special and part.bn(special))


def class_convolved(part: Any, tokens: Any, grid: Any) -> Any:
    x, special = unflatten(tokens, grid)
    if special is not None:
        one = special.reshape(len(special), 1, 1, special.shape[-1])
        padded = ops.pad(one, widths=((0, 0), (1, 1), (1, 1), (0, 0)))
        weight = part.conv.weight
        special = part.bn(ops.depthwise_conv2d(padded, weight)[:, 0])
    return flatten(part.bn(part.conv(x)), special)


def normed_first(part: Any, tokens: Any, grid: Any) -> Any:
    x, special = unflatten(tokens, grid)
    return flatten(part.conv(part.bn(x)), special)


def activated(part: Any, tokens: Any, grid: Any) -> Any:
    x, special = unflatten(tokens, grid)
    return flatten(ops.relu(part.bn(part.conv(x))), special)


def classless_keys(attn: Any, tokens: Any, grid: Any) -> Any:
    seen = Attention.convolve(attn, tokens, grid)
    for x in "kv":
        made, where = seen[x]
        seen[x] = (made[:, where.special :], where._replace(special=0))
    return seen


def no_residual(block: Any, x: Any, grid: Any, bias: Any = None) -> Any:
    x = block.attn(block.norm1(x), grid, bias)
    return x + block.mlp(block.norm2(x), grid)


def no_mlp_residual(block: Any, x: Any, grid: Any, bias: Any = None) -> Any:
    x = x + block.attn(block.norm1(x), grid, bias)
    return block.mlp(block.norm2(x), grid)


def post_norm(block: Any, x: Any, grid: Any, bias: Any = None) -> Any:
    x = block.norm1(x + block.attn(x, grid, bias))
    return block.norm2(x + block.mlp(x, grid))


def side_by_side(block: Any, x: Any, grid: Any, bias: Any = None) -> Any:
    return x + block.attn(block.norm1(x), grid, bias) + block.mlp(block.norm2(x), grid)


def from_normed(block: Any, x: Any, grid: Any, bias: Any = None) -> Any:
    x = block.norm1(x)
    x = x + block.attn(x, grid, bias)
    x = block.norm2(x)
    return x + block.mlp(x, grid)


def sample_variance(norm: Any, x: Any) -> Any:
    n = x.shape[-1]
    centred = x - x.sum(axis=-1, keepdims=True) / n
    var = (centred * centred).sum(axis=-1, keepdims=True) / (n - 1)
    return centred / ops.sqrt(var + norm.eps) * norm.weight + norm.bias


def no_mean(norm: Any, x: Any) -> Any:
    square = (x * x).sum(axis=-1, keepdims=True) / x.shape[-1]
    return x / ops.sqrt(square + norm.eps) * norm.weight + norm.bias


def mean_of_places(model: Any) -> None:
    def readout(model: Any, x: Any, special: Any) -> Any:
        return model.norm(x).mean(axis=(1, 2))

    model.readout = MethodType(readout, model)


def mean_of_tokens(model: Any) -> None:
    def readout(model: Any, x: Any, special: Any) -> Any:
        count = special.shape[1] + x.shape[1] * x.shape[2]
        total = model.norm(x).sum(axis=(1, 2)) + model.norm(special).sum(axis=1)
        return total / count

    model.readout = MethodType(readout, model)


def probable(model: Any) -> None:
    def forward(model: Any, images: Any) -> Any:
        e = ops.exp(type(model).forward(model, images))
        return e / e.sum(axis=-1, keepdims=True)

    model.forward = MethodType(forward, model)


def skipped(model: Any) -> None:
    model.stage2.blocks[1].forward = lambda tokens, *rest: tokens


def in_training(model: Any) -> None:
    for norm in parts(model, BatchNorm2d):
        norm.training = True


def pooled_by(**options: Any) -> Any:
    def forward(pool: Any, tokens: Any, grid: Any) -> Any:
        x, special = unflatten(tokens, grid)
        window = {"kernel": 3, "stride": pool.stride, "padding": 1, "ceil_mode": True}
        return flatten(ops.avg_pool2d(x, **(window | options)), special)

    return doing(AvgPool, forward=forward)


def max_pooled(pool: Any, tokens: Any, grid: Any) -> Any:
    x, special = unflatten(tokens, grid)
    window = {"kernel": 3, "stride": pool.stride, "padding": 1, "ceil_mode": True}
    return flatten(ops.max_pool2d(x, **window), special)


def embed_padding(*padding: int) -> Mutate:
    def mutate(model: Any) -> Any:
        windows = [(k, s) for k, s, _ in model.config.embed]
        embed = tuple((*w, p) for w, p in zip(windows, padding, strict=True))
        return configured(embed=embed)(model)

    return mutate


def named(part: str, change: Any) -> Mutate:
    return weighing(lambda s, _: {n: change(s[n]) for n in s if part in n})
