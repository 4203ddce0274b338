"""ViT, DeiT, PVT, T2T-ViT, CeiT and CMT: what the shapes of each tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import isqrt
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
from minicvt.models.registry import PAPERS
from minicvt.nn.stems import stem_named

SPLIT = 7 * 7  # the first soft split of T2T-ViT unfolds so many places


def stages(shapes: Shapes) -> Fields:
    """Fields of every paper: how wide, how deep, for how many classes."""
    depths = count_blocks(shapes)
    dims = tuple(embed_shape(shapes, i)[0] for i in range(max(1, len(depths))))
    told: Fields = {
        "dims": dims,
        "depths": depths,
        "mlp_ratios": tuple(mlp_ratio(shapes, i, dim) for i, dim in enumerate(dims)),
    }
    if there(shapes, "blocks.0.attn.proj_q.bias"):
        told["qkv_bias"] = True
    rows = (shapes.get("stage0.blocks.0.attn.proj_q.weight") or (0,))[0]
    if rows and dims[0] % rows == 0:
        told["qk_ratio"] = dims[0] // rows
    if shapes.get("head.weight"):
        told["num_classes"] = shapes["head.weight"][0]
    return told


def patches(shapes: Shapes) -> Fields:
    """Windows of embeddings that do not overlap: the kernel is the stride."""
    embeds = [embed_shape(shapes, i) for i in range(len(count_blocks(shapes)))]
    return {"embed": tuple((kernel, kernel, 0) for *_, kernel in embeds)}


def pixels(shapes: Shapes) -> Fields:
    """Channels of the image, where the first embedding sees it."""
    return {"in_chans": embed_shape(shapes, 0)[1]}


def behind(stem: str, shapes: Shapes) -> Fields:
    """Channels of the image and of the stem, whose first convolution is ``stem``."""
    shape = shapes.get(f"{stem}.weight", ())
    return {"stem_dim": embed_shape(shapes, 0)[1]} | (
        {"in_chans": shape[1]} if len(shape) == 4 else {}
    )


def vit(shapes: Shapes) -> Fields:
    """A class token or none, and the hidden layer of pre-training."""
    pre = shapes.get("pre_logits.bias") or (0,)
    return {"cls": ("stage0.cls_token" in shapes,), "representation": pre[0]}


def deit(shapes: Shapes) -> Fields:
    """Whether there is a token of distillation, and whether it has a head."""
    distilled = "stage0.dist_token" in shapes
    head = "head_dist.weight" in shapes or not distilled
    return {"distilled": distilled, "dist_head": head}


def reductions(shapes: Shapes) -> Fields:
    """R of each stage; without a convolution it is 1."""
    name = "stage{}.blocks.0.attn.conv_proj_kv.conv.weight"
    found = [shapes.get(name.format(i), ()) for i in range(len(count_blocks(shapes)))]
    return {"kv_stride": tuple(shape[-1] if shape else 1 for shape in found)}


def token_layers(shapes: Shapes) -> Fields:
    """Performers have a frozen projection, transformers none."""
    kind = "performer" if "stem.attention1.w" in shapes else "transformer"
    unfolded = shapes.get("stem.attention1.norm1.weight") or (3 * SPLIT,)
    return {
        "stem": f"t2t_{kind}",
        "stem_dim": embed_shape(shapes, 0)[1],
        "in_chans": unfolded[0] // SPLIT,
    }


def middle(shapes: Shapes) -> Fields:
    """Kernel of the feed-forward's depthwise convolution, and whether it has norms."""
    name = "stage0.blocks.0.mlp."
    shape = shapes.get(f"{name}conv.weight", ())
    if len(shape) != 4:
        return {}
    return {"ffn_kernel": shape[-1], "ffn_norm": f"{name}bn1.weight" in shapes}


def cmt(shapes: Shapes) -> Fields:
    """Biases have a table for each head; the head has a width of its own."""
    names = [f"stage{i}.score_bias" for i in range(len(count_blocks(shapes)))]
    told: Fields = {}
    if all(shapes.get(name) for name in names):
        told["heads"] = tuple(shapes[name][0] for name in names)
    if shapes.get("head_conv.bias"):
        told["head_width"] = shapes["head_conv.bias"][0]
    return told


def unpublished(
    paper: str, shapes: Shapes, told: Fields, given: Mapping[str, Any]
) -> Any:
    """Return a model of sizes nobody has published, else as the paper has it."""
    wanted = given.get("heads") or told.get("heads") or heads(told["dims"])
    return PAPERS[paper](paper).override(**told | {"heads": wanted})


def side(shapes: Shapes, config: Any) -> tuple[int, int]:
    """Image for which there are as many positions as the first table has.

    A square one, unless the configuration's own fits.
    """
    stride = stem_named(config.stem).stride
    for i, grid in enumerate(config.grids()):
        stride *= config.embed[i][1]
        rows = shapes.get(f"stage{i}.pos_embed") or shapes.get(f"stage{i}.score_bias")
        if rows is None or len(rows) != 3 or rows[1] == grid.tokens:
            continue
        places = max(0, rows[1] - grid.special)
        if isqrt(places) ** 2 != places:
            raise CheckpointError(
                f"stage {i} has positions for {places} places, which is no square: "
                "give image=(height, width)"
            )
        return (isqrt(places) * stride,) * 2
    height, width = config.image
    return height, width


def reader(paper: str, *parts: Callable[[Shapes], Fields]) -> Reader:
    """Put together what a paper's shapes tell."""

    def told(shapes: Shapes) -> Fields:
        return {k: v for part in (stages, *parts) for k, v in part(shapes).items()}

    return Reader(told, partial(unpublished, paper), {"image": side})


READERS = {
    "vit": reader("vit", patches, pixels, vit),
    "deit": reader("deit", patches, pixels, deit),
    "pvt": reader("pvt", patches, pixels, reductions),
    "t2t": reader("t2t", token_layers),
    "ceit": reader("ceit", patches, partial(behind, "stem.conv"), middle),
    "cmt": reader(
        "cmt", patches, partial(behind, "stem.conv1"), reductions, middle, cmt
    ),
}
