"""What a ResNet costs: every bottleneck is three convolutions and their norms."""

from __future__ import annotations

from collections.abc import Iterator

from minicvt.accounting.closed_forms.block import Parts
from minicvt.accounting.closed_forms.layers import conv, linear, norm, through
from minicvt.models.costs import Cost, Size
from minicvt.models.resnet import ResNetConfig


def resnet(config: ResNetConfig, image: Size) -> Iterator[tuple[str, Parts]]:
    """Yield each stage's name and the layers of its parts, in the order they run."""
    c, large = config, config.stem == "imagenet"
    k, window = (7, (7, 2, 3)) if large else (3, (3, 1, 1))
    size, D = through(image, window), c.stem_dim
    first = [conv(size[0] * size[1], k, c.in_chans, D, bias=False), norm(D)]
    yield "stem", {"stem": first}
    size = through(size, (3, 2, 1)) if large else size
    for i, (C, L) in enumerate(zip(c.dims, c.depths, strict=True)):
        layers: list[Cost] = []
        for j in range(L):
            halves = i > 0 and j == 0
            after = through(size, (1, 2, 0)) if halves else size
            inner = after if c.stride_in == "conv1" else size
            layers += bottleneck(D, C, inner, after)
            layers += shortcut(D, C, after) if halves or D != C else []
            size, D = after, C
        yield f"layer{i + 1}", {"bottlenecks": layers}
    yield "fc", {"head": [linear(1, D, c.num_classes)]}


def bottleneck(C: int, D: int, inner: Size, after: Size) -> list[Cost]:
    """C W on the map where the 1 x 1 runs, then (9 W^2 + W D) HW, with W = D / 4."""
    W, HW = D // 4, after[0] * after[1]
    return [
        *(conv(inner[0] * inner[1], 1, C, W, bias=False), norm(W)),
        *(conv(HW, 3, W, W, bias=False), norm(W)),
        *(conv(HW, 1, W, D, bias=False), norm(D)),
    ]


def shortcut(C: int, D: int, after: Size) -> list[Cost]:
    """C D HW: option B, where shapes do not agree."""
    return [conv(after[0] * after[1], 1, C, D, bias=False), norm(D)]
