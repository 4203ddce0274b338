"""What feeds q, k and v: strides, sharing, whether anything does."""

from __future__ import annotations

from typing import Any

from minicvt.nn import Attention
from minicvt.nn.projection import (
    AvgPool,
    DepthwiseBN,
    Identity,
)
from minicvt.verify.microscope.hypothesis import (
    Change,
    doing,
    nothing,
    suppose,
)


def striding(stride: int) -> Change:
    """Step otherwise where keys and values are filtered."""

    def change(attn: Any) -> None:
        for name in ("conv_proj_k", "conv_proj_v"):
            part = getattr(attn, name, None)
            if isinstance(part, AvgPool):
                part.stride = stride
            elif isinstance(part, DepthwiseBN):
                part.conv.window = part.conv.window | {"stride": (stride, stride)}

    return change


def sharing(source: str, *others: str) -> Change:
    """Filter by the convolution of ``source`` where ``others`` have their own."""

    def change(attn: Any) -> None:
        made = getattr(attn, f"conv_proj_{source}", None)
        if isinstance(made, DepthwiseBN):
            attn.shared = attn.shared | dict.fromkeys(others, source)

    return change


def sharing_all(attn: Any) -> None:
    """Filter once at stride 1; k and v take every other place."""
    if isinstance(getattr(attn, "conv_proj_q", None), DepthwiseBN):
        attn.conv_proj_qkv = attn.conv_proj_q
        attn.shared = dict.fromkeys("qkv", "qkv")


def unfiltered(*letters: str) -> Change:
    """Make q, k or v Linear maps of the tokens as they are."""

    def change(attn: Any) -> None:
        for x in letters:
            if isinstance(getattr(attn, f"conv_proj_{x}", None), DepthwiseBN | AvgPool):
                setattr(attn, f"conv_proj_{x}", Identity())

    return change


def unprojected(attn: Any) -> None:
    """Leave out the point-wise half of q, k and v."""
    for x in "qkv":
        if hasattr(attn, f"proj_{x}"):
            doing(forward=nothing)(getattr(attn, f"proj_{x}"))


HYPOTHESES = [
    *(
        suppose(f"keys and values have stride {n}", Attention, striding(n))
        for n in (1, 2, 4)
    ),
    suppose("k and v share k's convolution", Attention, sharing("k", "v")),
    suppose("k and v share v's convolution", Attention, sharing("v", "k")),
    suppose("q, k and v share q's convolution", Attention, sharing_all),
    suppose("q is not convolved", Attention, unfiltered("q")),
    suppose(
        "k and v are neither convolved nor pooled", Attention, unfiltered("k", "v")
    ),
    suppose("q, k and v are not convolved", Attention, unfiltered("q", "k", "v")),
    suppose("q, k and v have no Linear", Attention, unprojected),
]
