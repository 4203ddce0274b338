"""Operations one by one, on the maps and tokens of CvT-13's stages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from minicvt import models
from minicvt.bench.cases import EAGER, Asked, Bar, Case
from minicvt.files import write_tensors

IMAGES = 8
SAMPLED = 1000
"""About how many numbers of each array are compared."""
ALONE, FUSED = Bar(2.0, 1.0), Bar(0.6, 0.4)
Shape = tuple[int, ...]


def operations(asked: Asked) -> list[Case]:
    """Return every operation at every stage's shape, forward and back."""
    image = (asked.size, asked.size)
    config: Any = models.variant("cvt-13", kv_stride=asked.kv_stride, image=image)
    batch = next(iter(asked.batches), IMAGES)
    cases: list[Case] = []
    for stage, (grid, dim) in enumerate(zip(config.grids(), config.dims, strict=True)):
        heads, stride = config.heads[stage], config.kv_stride[stage]
        side = strided(grid[:2], stride)
        cases += stage_cases(
            (batch, *grid[:2], dim), heads, grid.tokens, grid.special + prod(side)
        )
    return cases


def strided(size: Shape, stride: int) -> Shape:
    """Height and width behind a 3 x 3 window with padding 1."""
    return tuple((side - 1) // stride + 1 for side in size)


def stage_cases(x: Shape, heads: int, tokens: int, keys: int) -> Iterator[Case]:
    """Yield the cases of one stage: a map ``x`` (B, H, W, C), queries and keys."""
    batch, dim = x[0], x[3]
    weights = {"weight": (dim,), "bias": (dim,)}
    for stride in (1, 2):
        made = (batch, *strided(x[1:3], stride), dim)
        window = {"x": x, "weight": (dim, 1, 3, 3), "cotangent": made}
        for wrt in ("", "x", "weight"):
            given = [wrt] if wrt else []
            yield _case("depthwise", window, given, stride=stride)
    normed = (batch, tokens, dim)
    yield from _both("LayerNorm", {"x": normed, **weights}, normed)
    residual = {"x": normed, "branch": normed, **weights}
    yield from _both("residual + LayerNorm", residual, (2, *normed), FUSED)
    scores = (batch, heads, tokens, keys)
    yield from _both("softmax", {"x": scores}, scores)
    hidden = (batch, tokens, 4 * dim)
    yield from _both("GELU", {"x": hidden}, hidden)
    product = {"x": hidden, "bias": hidden[-1:]}
    yield from _both("bias + GELU", product, hidden, FUSED)
    wide = dim // heads
    seen = {"k": (batch, keys, heads, wide), "v": (batch, keys, heads, wide)}
    heard = (batch, heads, tokens, wide)
    q = (batch, tokens, heads, wide)
    yield from _both("attention", {"q": q, **seen}, heard, scale=dim**-0.5)


def _both(
    name: str,
    inputs: Mapping[str, Shape],
    made: Shape,
    bar: Bar = ALONE,
    **options: Any,
) -> Iterator[Case]:
    """Yield an operation, and its pullback to all inputs."""
    shapes = {**inputs, "cotangent": made}
    yield _case(name, shapes, [], bar, **options)
    yield _case(name, shapes, list(inputs), bar, **options)


def _case(
    name: str,
    shapes: Mapping[str, Shape],
    wrt: list[str],
    bar: Bar = ALONE,
    **options: Any,
) -> Case:
    first = next(iter(shapes.values()))
    stride = f" /{options['stride']}" if "stride" in options else ""
    way = f"d{', d'.join(wrt)}" if wrt else "forward"
    return Case(
        f"{name}{stride} {' x '.join(map(str, first[1:]))}: {way}",
        "operation",
        {
            "operation": name,
            "shapes": dict(shapes),
            "wrt": wrt,
            "sampled": SAMPLED,
            **options,
        },
        {EAGER: bar},
    )


def draw(folder: Path, options: Mapping[str, Any]) -> None:
    """Write the inputs of a case, and a cotangent, all random."""
    rng = np.random.default_rng(0)
    arrays = {
        name: rng.standard_normal(shape, np.float32)
        for name, shape in options["shapes"].items()
    }
    write_tensors(folder / "data.safetensors", arrays)
