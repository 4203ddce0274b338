"""PVT's config.json: one eps for every LayerNorm, where the official code has two.

Reading sets both of ours to theirs; writing keeps that of the blocks, and warns.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from minicvt.interop.huggingface.values import (
    activation,
    as_tuple,
    cannot,
    check_only,
    pair,
    per_stage,
    renamed,
    their_activation,
    warn_of_dropouts,
)

PER_STAGE = {
    "hidden_sizes": "dims",
    "depths": "depths",
    "num_attention_heads": "heads",
    "mlp_ratios": "mlp_ratios",
    "sequence_reduction_ratios": "kv_stride",
}
KERNEL, STRIDE = "strides", "patch_sizes"  # not mixed up here: their code has it so
SINGLE = {"qkv_bias": "qkv_bias", "drop_path_rate": "drop_path"}
ONLY = {
    "stem": "none",
    "embed_norm": True,
    "positions": "every",
    "position_kind": "learned",
    "projection": "sr",
    "scale": "head_dim",
    "ffn": "mlp",
    "qk_ratio": 1,
    "local": False,
    "final_norm": True,
}
"""What transformers' code does whatever its configuration says."""


def read(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of ours; ``drop_path_rate`` is that of the last block, as ours."""
    warn_of_dropouts(values)
    fields = per_stage(values, PER_STAGE) | renamed(values, SINGLE) | activation(values)
    if KERNEL in values and STRIDE in values:
        windows = zip(as_tuple(values, KERNEL), as_tuple(values, STRIDE), strict=True)
        fields["embed"] = tuple((kernel, stride, 0) for kernel, stride in windows)
    if "image_size" in values:
        fields["image"] = pair(values["image_size"])
    if "layer_norm_eps" in values:
        fields |= dict.fromkeys(("norm_eps", "embed_eps"), values["layer_norm_eps"])
    return fields


def write(config: Any) -> dict[str, Any]:
    """Their values."""
    check_only("PVT", config, ONLY)
    if any(config.cls[:-1]) or not config.cls[-1]:
        raise cannot("PVT", f"with a class token in the last stage, not {config.cls}")
    if any(ratio != int(ratio) for ratio in config.mlp_ratios):
        raise cannot("PVT", f"with whole MLP ratios only, not {config.mlp_ratios}")
    if any(padding for *_, padding in config.embed) or not _halves(config):
        raise cannot(
            "PVT",
            f"for square images, of which stage i sees 1/2^(i+2), not {config.image} "
            f"through {config.embed}",
        )
    _warn_of_eps(config)
    return _fields(config)


def _halves(config: Any) -> bool:
    """Whether their tables of positions have the sizes of ours."""
    height, width = config.image
    sides = [height, *(height // 2 ** (i + 1) for i in range(1, len(config.dims)))]
    grids = [
        (side // stride,) * 2
        for side, (_, stride, _) in zip(sides, config.embed, strict=True)
    ]
    ours = [(grid.height, grid.width) for grid in config.grids()]
    return height == width and grids == ours


def _warn_of_eps(config: Any) -> None:
    if config.norm_eps != config.embed_eps:
        warnings.warn(
            f"transformers has one eps for every LayerNorm of a PVT, {config.norm_eps} "
            f"here: its logits will be off by a little, since this model has "
            f"{config.embed_eps} in embeddings and reductions (embed_eps=)",
            stacklevel=5,
        )


def _fields(config: Any) -> dict[str, Any]:
    return {
        "architectures": ["PvtForImageClassification"],
        "model_type": "pvt",
        **{theirs: list(getattr(config, ours)) for theirs, ours in PER_STAGE.items()},
        "mlp_ratios": [int(ratio) for ratio in config.mlp_ratios],
        "num_encoder_blocks": len(config.dims),
        KERNEL: [kernel for kernel, _, _ in config.embed],
        STRIDE: [stride for _, stride, _ in config.embed],
        "drop_path_rate": float(config.drop_path[-1]),
        "hidden_act": their_activation(config.activation),
        "layer_norm_eps": config.norm_eps,
        "image_size": config.image[0],
        "qkv_bias": config.qkv_bias,
    }
