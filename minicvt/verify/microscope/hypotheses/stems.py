"""Stems of convolutions: order, activation, pooling."""

from __future__ import annotations

from typing import Any

from minicvt import ops
from minicvt.nn.stems import ConvStem, ImageToTokens
from minicvt.verify.microscope.hypothesis import Change, doing, suppose


def stem_norm_first(stem: Any, x: Any) -> Any:
    """Three times convolution, BatchNorm, activation."""
    for i in (1, 2, 3):
        conv, bn = getattr(stem, f"conv{i}"), getattr(stem, f"bn{i}")
        x = stem.activation(bn(conv(x)))
    return x


def tokens_by(pool: Any = ops.max_pool2d, curve: Any = lambda x: x) -> Change:
    """Follow the stem's BatchNorm by an activation, or pool otherwise."""

    def forward(stem: Any, x: Any) -> Any:
        x = curve(stem.bn(stem.conv(x)))
        return pool(x, kernel=3, stride=2, padding=1)

    return doing(forward=forward)


HYPOTHESES = [
    suppose(
        "the stem has BatchNorm before the activation",
        ConvStem,
        doing(forward=stem_norm_first),
    ),
    suppose(
        "ReLU follows the stem's BatchNorm", ImageToTokens, tokens_by(curve=ops.relu)
    ),
    suppose(
        "GELU follows the stem's BatchNorm", ImageToTokens, tokens_by(curve=ops.gelu)
    ),
    suppose("the stem pools by the mean", ImageToTokens, tokens_by(ops.avg_pool2d)),
]
