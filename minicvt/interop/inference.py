"""What the shapes of a bare state say about the CvT they belong to, and what not.

Shapes tell widths, depths, kernels, MLP ratios and classes. They do not tell heads,
strides, or whether tokens without a convolution are pooled: those come from the
caller, or from the variant of the same widths and depths, or from what all published
CvTs have in common. What is there is believed; a class token or bias that is not is
missing, unless the caller says otherwise (``cls=False``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from minicvt.errors import CheckpointError
from minicvt.models import VARIANTS, CvTConfig

Shapes = Mapping[str, tuple[int, ...]]
HEAD_DIM = 64
STRIDES = {7: 4, 3: 2, 4: 4, 2: 2}
"""Stride of an embedding by its kernel; the last two are patches."""


def infer(
    shapes: Shapes, dialect: str, base: Any, given: Mapping[str, Any]
) -> CvTConfig:
    """Work out a configuration from shapes under our names.

    ``base`` is the variant the caller named, if any, and ``given`` the fields. Raises
    ``CheckpointError`` that says what to give when shapes leave something open.
    """
    told = from_shapes(shapes)
    base = base or same_size(told) or by_rule(shapes, told, given)
    if "projection" not in given:
        told["projection"] = projections(shapes, base)
    changed = {} if dialect == base.dialect else {"dialect": dialect}
    return base.override(**(changed | told | dict(given)))


def from_shapes(shapes: Shapes) -> dict[str, Any]:
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
    there = {
        "cls": cls if any(cls) else None,
        "qkv_bias": _any(shapes, "attn.proj_q.bias") or None,
        "shared": sharing(shapes),
        "num_classes": (shapes.get("head.weight") or (None,))[0],
    }
    return certain | {name: v for name, v in there.items() if v is not None}


def by_rule(shapes: Shapes, told: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
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


def count_blocks(shapes: Shapes) -> tuple[int, ...]:
    """Number of blocks in each stage."""
    stages: dict[int, set[int]] = {}
    for name in shapes:
        if match := re.match(r"stage(\d+)\.(?:blocks\.(\d+)\.)?", name):
            blocks = stages.setdefault(int(match[1]), set())
            blocks.update(int(number) for number in match.groups()[1:] if number)
    return tuple(len(stages[i]) for i in sorted(stages))


def embed_shape(shapes: Shapes, stage: int) -> tuple[int, ...]:
    """Shape ``(dim, in_chans, k, k)`` of an embedding's convolution."""
    name = f"stage{stage}.patch_embed.proj.weight"
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


def positions(stages: list[bool]) -> str:
    """Say which stages have learned positions, in one word."""
    words = {"every": all(stages), "first": stages[0], "last": stages[-1]}
    return next((word for word, so in words.items() if so), "none")


def sharing(shapes: Shapes) -> str | None:
    """Say which of q, k and v have one convolution together, if any are seen to."""
    names = (s for s in ("qkv", "kv") if _any(shapes, f"conv_proj_{s}.conv.weight"))
    return next(names, None)


def projections(shapes: Shapes, base: Any) -> tuple[str, ...]:
    """Method of each stage; "avg" and "linear" have no weights to tell them by."""
    found = []
    for i in range(len(base.dims)):
        stage = {name: shapes[name] for name in shapes if name.startswith(f"stage{i}.")}
        if _any(stage, ".conv.weight"):
            found.append("dw_bn")
        elif _any(stage, "attn.conv_proj_q.weight"):
            found.append("dense")
        elif base.projection[i] in ("avg", "linear"):
            found.append(base.projection[i])
        else:
            raise CheckpointError(
                f"stage {i} has no convolution before q, k and v, so that its tokens "
                'are pooled or not: give projection="avg" or "linear"'
            )
    return tuple(found)


def heads(dims: tuple[int, ...]) -> tuple[int, ...]:
    """Heads of 64 channels, as in every published CvT."""
    if any(dim % HEAD_DIM for dim in dims):
        raise CheckpointError(
            f"widths {dims} are no multiples of {HEAD_DIM}, so that heads cannot be "
            "told: give heads=(...), or model= a variant's name"
        )
    return tuple(dim // HEAD_DIM for dim in dims)


def embeddings(shapes: Shapes, stages: int) -> tuple[tuple[int, int, int], ...]:
    """Kernel, usual stride, and a padding that the dialect will set."""
    kernels = [embed_shape(shapes, i)[2] for i in range(stages)]
    if any(kernel not in STRIDES for kernel in kernels):
        raise CheckpointError(
            f"embeddings with kernels {tuple(kernels)} have no usual stride: give "
            "embed=((kernel, stride, padding), ...), or model= a variant's name"
        )
    return tuple((kernel, STRIDES[kernel], 0) for kernel in kernels)


def same_size(told: Mapping[str, Any]) -> CvTConfig | None:
    """Return the variant with these widths and depths, if there is one."""
    for config in VARIANTS.values():
        if isinstance(config, CvTConfig) and all(
            getattr(config, name) == told[name] for name in ("dims", "depths")
        ):
            return config
    return None


def _any(shapes: Shapes, ending: str) -> bool:
    return any(name.endswith(ending) for name in shapes)
