"""What is no layer and yet made of operations: resizing, soft splits, heads, a loss."""

from __future__ import annotations

from typing import Any

from minicvt.grid import Grid
from minicvt.nn import merge_heads, resample, split_heads
from minicvt.nn.resampling import METHODS
from minicvt.nn.soft_split import soft_split
from minicvt.ops import cross_entropy
from minicvt.tensor import Tensor
from minicvt.verify.layers.entry import function
from minicvt.verify.operations.samples import Draw, Sample
from minicvt.verify.oracle import nchw, nhwc


def _interpolated(torch: Any, x: Any, old: Grid, new: Grid, method: str) -> Any:
    """Interpolate what follows the special rows; a zoom keeps the corners in place."""
    places = x[:, old.special :].unflatten(1, (old.height, old.width))
    mode, corners = ("bilinear", True) if method == "zoom" else (method, False)
    size, interpolate = (new.height, new.width), torch.nn.functional.interpolate
    resized = interpolate(nchw(torch, places), size, mode=mode, align_corners=corners)
    return torch.cat([x[:, : old.special], nhwc(resized).flatten(1, 2)], 1)


@function(resample, _interpolated)
def _draw_resample(draw: Draw) -> Sample:
    special, method = draw.one_of(0, 1, 2), draw.one_of(*METHODS)
    old, new = (Grid(draw.size(), draw.size(1, 6), special) for _ in range(2))
    x = draw.normal(1, old.tokens, draw.size())
    return Sample((x,), {"old": old, "new": new, "method": method})


def _split(x: Tensor, kernel: int, stride: int, padding: int) -> Tensor:
    return soft_split(x, kernel, stride, padding)[0]


def _unfolded(torch: Any, x: Any, kernel: int, stride: int, padding: int) -> Any:
    unfold = torch.nn.functional.unfold
    return unfold(nchw(torch, x), kernel, stride=stride, padding=padding).mT


@function(_split, _unfolded, "soft_split")
def _draw_soft_split(draw: Draw) -> Sample:
    kernel, stride = draw.size(1, 4), draw.size(1, 3)
    x = draw.normal(draw.batch(), draw.size(4, 7), draw.size(4, 8), draw.size(1, 3))
    padding = draw.size(0, 2)
    return Sample((x,), {"kernel": kernel, "stride": stride, "padding": padding})


def _heads(torch: Any, tokens: Any, heads: int) -> Any:
    return tokens.unflatten(2, (heads, -1)).transpose(1, 2)


@function(split_heads, _heads)
def _draw_split_heads(draw: Draw) -> Sample:
    heads, wide = draw.size(1, 3), draw.size(1, 3)
    return Sample((draw.normal(2, draw.size(), heads * wide),), {"heads": heads})


@function(merge_heads, lambda torch, heads: heads.transpose(1, 2).flatten(2))
def _draw_merge_heads(draw: Draw) -> Sample:
    return Sample((draw.normal(2, draw.size(1, 3), draw.size(), draw.size(1, 3)),))


def _cross_entropy(torch: Any, logits: Any, targets: Any, **options: Any) -> Any:
    loss = torch.nn.functional.cross_entropy
    return loss(logits, torch.tensor(targets), **options)


@function(cross_entropy, _cross_entropy)
def _draw_cross_entropy(draw: Draw) -> Sample:
    batch, classes = draw.size(1, 4), draw.size(2, 6)
    labels = draw.rng.integers(0, classes, batch)
    options = {"targets": labels, "label_smoothing": draw.one_of(0.0, 0.1, 0.3)}
    return Sample((3 * draw.normal(batch, classes),), options)
