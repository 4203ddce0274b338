"""CvT: which tokens are filtered before q, k and v, and how embeddings step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minicvt.errors import CheckpointError
from minicvt.interop.inference.shapes import (
    Fields,
    Reader,
    Shapes,
    count_blocks,
    embed_shape,
    heads,
    mlp_ratio,
    there,
)
from minicvt.models import CvTConfig

STRIDES = {7: 4, 3: 2, 4: 4, 2: 2}
"""Stride of an embedding by its kernel; the last two are patches."""


def from_shapes(shapes: Shapes) -> Fields:
    """Fields of the configuration that shapes tell for certain."""
    depths = count_blocks(shapes)
    stages = range(max(1, len(depths)))
    embeds = [embed_shape(shapes, i) for i in stages]
    dims = tuple(shape[0] for shape in embeds)
    cls = tuple(f"stage{i}.cls_token" in shapes for i in stages)
    certain = {
        "dims": dims,
        "depths": depths,
        "in_chans": embeds[0][1],
        "mlp_ratios": tuple(mlp_ratio(shapes, i, dims[i]) for i in stages),
        "positions": positions([f"stage{i}.pos_embed" in shapes for i in stages]),
    }
    seen = {
        "cls": cls if any(cls) else None,
        "qkv_bias": there(shapes, "attn.proj_q.bias") or None,
        "shared": sharing(shapes),
        "num_classes": (shapes.get("head.weight") or (None,))[0],
    }
    return certain | {name: v for name, v in seen.items() if v is not None}


def by_rule(shapes: Shapes, told: Fields, given: Mapping[str, Any]) -> CvTConfig:
    """Return a CvT of sizes nobody has published, by the habits of those they have."""
    return CvTConfig(
        "cvt",
        dims=told["dims"],
        depths=told["depths"],
        heads=given.get("heads") or heads(told["dims"]),
        embed=given.get("embed") or embeddings(shapes, len(told["dims"])),
        drop_path=(0.0,),
        cls=(False,),
    ).override(dialect="microsoft", **{k: given[k] for k in given if k == "embed"})


def positions(stages: list[bool]) -> str:
    """Say which stages have learned positions, in one word."""
    words = {"every": all(stages), "first": stages[0], "last": stages[-1]}
    return next((word for word, so in words.items() if so), "none")


def sharing(shapes: Shapes) -> str | None:
    """Say which of q, k and v have one convolution together, if any are seen to."""
    names = (s for s in ("qkv", "kv") if there(shapes, f"conv_proj_{s}.conv.weight"))
    return next(names, None)


def projections(shapes: Shapes, config: CvTConfig) -> tuple[str, ...]:
    """Method of each stage; "avg" and "linear" have no weights to tell them by."""
    found = []
    for i, method in enumerate(config.projection):
        stage = {name: shapes[name] for name in shapes if name.startswith(f"stage{i}.")}
        if there(stage, ".conv.weight"):
            found.append("dw_bn")
        elif there(stage, "attn.conv_proj_q.weight"):
            found.append("dense")
        elif method in ("avg", "linear"):
            found.append(method)
        else:
            raise CheckpointError(
                f"stage {i} has no convolution before q, k and v, so that its tokens "
                'are pooled or not: give projection="avg" or "linear"'
            )
    return tuple(found)


def embeddings(shapes: Shapes, stages: int) -> tuple[tuple[int, int, int], ...]:
    """Kernel, usual stride, and a padding that the dialect will set."""
    kernels = [embed_shape(shapes, i)[2] for i in range(stages)]
    if any(kernel not in STRIDES for kernel in kernels):
        raise CheckpointError(
            f"embeddings with kernels {tuple(kernels)} have no usual stride: give "
            "embed=((kernel, stride, padding), ...), or model= a variant's name"
        )
    return tuple((kernel, STRIDES[kernel], 0) for kernel in kernels)


READER = Reader(from_shapes, by_rule, {"projection": projections})
