"""What single shapes tell, under our names, of every paper that has stages."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from minicvt.errors import CheckpointError

Shapes = Mapping[str, tuple[int, ...]]
Fields = dict[str, Any]
HEAD_DIM = 64
STAGE = re.compile(r"(?:stage|layer)(\d+)\.(?:(?:blocks\.)?(\d+)\.)?")


class Reader(NamedTuple):
    """How the configuration of one paper is read from shapes.

    ``told`` returns fields that are certain, ``unpublished`` a configuration of sizes
    that no variant has, and ``beside`` functions for fields that shapes tell only to
    who knows the rest of the configuration.
    """

    told: Callable[[Shapes], Fields]
    unpublished: Callable[[Shapes, Fields, Mapping[str, Any]], Any]
    beside: Mapping[str, Callable[[Shapes, Any], Any]]


def count_blocks(shapes: Shapes) -> tuple[int, ...]:
    """Number of blocks in each stage."""
    stages: dict[int, set[int]] = {}
    for name in shapes:
        if match := STAGE.match(name):
            blocks = stages.setdefault(int(match[1]), set())
            blocks.update(int(number) for number in match.groups()[1:] if number)
    return tuple(len(stages[i]) for i in sorted(stages))


def embed_shape(shapes: Shapes, stage: int) -> tuple[int, ...]:
    """Shape ``(dim, in_chans, k, k)`` of an embedding's convolution."""
    return weight_shape(shapes, f"stage{stage}.patch_embed.proj.weight")


def weight_shape(shapes: Shapes, name: str) -> tuple[int, ...]:
    """Shape ``(out, in, k, k)`` of the convolution ``name``, which has to be there."""
    shape = shapes.get(name, ())
    if len(shape) != 4:
        found = f"has shape {shape}" if name in shapes else "is missing"
        raise CheckpointError(f"{name} {found}: the widths cannot be told without it")
    return shape


def mlp_ratio(shapes: Shapes, stage: int, dim: int) -> float:
    """Hidden over outer width, so that ``int(dim * ratio)`` gives the hidden one."""
    hidden, *_ = shapes.get(f"stage{stage}.blocks.0.mlp.fc1.bias") or (4 * dim,)
    ratio = hidden / dim
    return ratio if int(dim * ratio) == hidden else math.nextafter(ratio, math.inf)


def widths(dims: tuple[int, ...], ratios: tuple[float, ...]) -> list[int]:
    """Hidden widths of the feed-forward of each stage."""
    return [int(dim * ratio) for dim, ratio in zip(dims, ratios, strict=True)]


def heads(dims: tuple[int, ...]) -> tuple[int, ...]:
    """Heads of 64 channels, as in nearly every published model."""
    if any(dim % HEAD_DIM for dim in dims):
        raise CheckpointError(
            f"widths {dims} are no multiples of {HEAD_DIM}, so that heads cannot be "
            "told: give heads=(...), or model= a variant's name"
        )
    return tuple(dim // HEAD_DIM for dim in dims)


def there(shapes: Shapes, ending: str) -> bool:
    """Whether any name ends so."""
    return any(name.endswith(ending) for name in shapes)
