"""What works on rows: products, norms (weight not 1, bias not 0), attention, loss."""

from __future__ import annotations

from typing import Any

from minicvt.verify.operations.entry import listed
from minicvt.verify.operations.samples import Draw, Sample
from minicvt.verify.oracle import to_torch


@listed("matmul", lambda torch, a, b: a @ b)
def _draw_matmul(draw: Draw) -> Sample:
    n, k, m = (draw.maybe_none() for _ in range(3))
    batch = draw.shape(0, 2)
    a = draw.normal(*draw.stretched(batch), n, k)
    return Sample((a, draw.normal(*draw.stretched(batch), k, m)))


def _linear(torch: Any, x: Any, weight: Any, bias: Any = None) -> Any:
    return torch.nn.functional.linear(x, weight, bias)


@listed("linear", _linear)
def _draw_linear(draw: Draw) -> Sample:
    wide, out = draw.maybe_none(), draw.maybe_none(1, 6)
    bias = draw.one_of(draw.normal(out), None)
    x = draw.normal(*draw.shape(0, 3), wide)
    return Sample((x, draw.normal(out, wide), bias))


def _affine(draw: Draw, channels: int) -> tuple[Any, Any]:
    return draw.normal(channels, center=1.5), draw.normal(channels)


def _layer_norm(torch: Any, x: Any, weight: Any, bias: Any, eps: float) -> Any:
    return torch.nn.functional.layer_norm(x, x.shape[-1:], weight, bias, eps)


@listed("layer_norm", _layer_norm)
def _draw_layer_norm(draw: Draw) -> Sample:
    channels = draw.size(3, 8)  # two are always +-1, and their gradient nearly 0
    x = draw.normal(*draw.shape(0, 3), channels)
    eps = draw.one_of(1e-5, 1e-6, 0.1)
    return Sample((x, *_affine(draw, channels)), {"eps": eps})


def _add_layer_norm(
    torch: Any, x: Any, branch: Any, weight: Any, bias: Any, eps: float
) -> Any:
    s = x + branch
    return torch.stack((s, _layer_norm(torch, s, weight, bias, eps)))


@listed("add_layer_norm", _add_layer_norm, several=True)
def _draw_add_layer_norm(draw: Draw) -> Sample:
    x, *affine = _draw_layer_norm(draw).inputs
    branch = draw.one_of(x.shape, x.shape, draw.stretched(x.shape))
    return Sample((x, draw.normal(*branch), *affine), {"eps": draw.one_of(1e-5, 0.1)})


def _batch_norm(torch: Any, x: Any, weight: Any, bias: Any, eps: float) -> Any:
    rows = x.reshape(-1, x.shape[-1])
    norm = torch.nn.functional.batch_norm
    y = norm(rows, None, None, weight, bias, training=True, eps=eps)
    return y.reshape(x.shape), rows.mean(0), rows.var(0, correction=0)


@listed("batch_norm", _batch_norm)
def _draw_batch_norm(draw: Draw) -> Sample:
    channels = draw.size(1, 5)
    x = draw.normal(draw.size(1, 3), draw.size(2, 4), draw.size(2, 5), channels)
    x = draw.one_of(x, x.reshape(-1, channels))
    return Sample((x, *_affine(draw, channels)), {"eps": draw.one_of(1e-5, 0.1)})


def _batch_norm_eval(
    torch: Any, x: Any, weight: Any, bias: Any, mean: Any, var: Any, eps: float
) -> Any:
    rows, norm = x.reshape(-1, x.shape[-1]), torch.nn.functional.batch_norm
    mean, var = to_torch(torch, mean), to_torch(torch, var)
    return norm(rows, mean, var, weight, bias, eps=eps).reshape(x.shape)


@listed("batch_norm_eval", _batch_norm_eval)
def _draw_batch_norm_eval(draw: Draw) -> Sample:
    channels = draw.size(1, 5)
    statistics = {"mean": draw.normal(channels), "var": draw.positive(channels)}
    x = draw.normal(draw.batch(), draw.size(), draw.size(), channels)
    return Sample((x, *_affine(draw, channels)), statistics | {"eps": 1e-3})


@listed("softmax", lambda torch, x: x.softmax(-1))
def _draw_softmax(draw: Draw) -> Sample:
    return Sample((draw.moderate(*draw.shape(0, 3), draw.size(1, 7)),))


def _attend(
    torch: Any, q: Any, k: Any, v: Any, bias: Any = None, *, scale: float
) -> Any:
    scores = scale * q @ k.transpose(-1, -2)
    return (scores if bias is None else scores + bias).softmax(-1) @ v


@listed("attend", _attend)
def _draw_attend(draw: Draw) -> Sample:
    batch, heads, queries = draw.batch(), draw.maybe_none(1, 3), draw.maybe_none()
    keys, wide, value_wide = draw.size(), draw.size(), draw.maybe_none()
    q = draw.normal(batch, heads, queries, wide)
    k = draw.normal(batch, heads, keys, wide)
    v = draw.normal(batch, heads, keys, value_wide)
    scores = draw.stretched((batch, heads, queries, keys))
    bias = draw.one_of(None, draw.normal(*scores))
    # A softmax does not see what all its scores share.
    zero = (0, 1, 3) if keys == 1 else (3,) if scores[-1:] in ((), (1,)) else ()
    return Sample((q, k, v, bias), {"scale": draw.one_of(0.7, 0.2)}, zero)


def _soft_cross_entropy(torch: Any, logits: Any, targets: Any) -> Any:
    return torch.nn.functional.cross_entropy(logits, to_torch(torch, targets))


@listed("soft_cross_entropy", _soft_cross_entropy)
def _draw_soft_cross_entropy(draw: Draw) -> Sample:
    logits = 3 * draw.normal(draw.size(1, 4), draw.size(2, 6))
    return Sample((logits,), {"targets": draw.positive(*logits.shape)})
