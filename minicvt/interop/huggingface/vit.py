"""ViT's and DeiT's config.json; a DeiT without distillation is a ViT to them.

One eps for all LayerNorms, 1e-12 unless the file says otherwise, where the official
code has 1e-6: what the file says holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minicvt.errors import CheckpointError
from minicvt.interop.huggingface.values import (
    activation,
    cannot,
    check_only,
    pair,
    renamed,
    their_activation,
    warn_of_dropouts,
)

SINGLE = {"qkv_bias": "qkv_bias", "layer_norm_eps": "norm_eps"}
ONE_STAGE = {
    "hidden_size": "dims",
    "num_hidden_layers": "depths",
    "num_attention_heads": "heads",
}
ONLY = {
    "stem": "none",
    "embed_norm": False,
    "position_kind": "learned",
    "cls": True,
    "projection": "linear",
    "scale": "head_dim",
    "ffn": "mlp",
    "qk_ratio": 1,
    "local": False,
    "final_norm": True,
}
"""What transformers' code does whatever its configuration says."""


def read(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of ours; the weights tell the rest."""
    warn_of_dropouts(values)
    fields = renamed(values, SINGLE) | activation(values)
    fields |= {ours: (v,) for ours, v in renamed(values, ONE_STAGE).items()}
    if "image_size" in values:
        fields["image"] = pair(values["image_size"])
    if "patch_size" in values:
        patch, width = pair(values["patch_size"])
        if patch != width:
            raise CheckpointError(
                f"patch_size should be square, found {values['patch_size']}"
            )
        fields["embed"] = ((patch, patch, 0),)
    return fields


def write(config: Any) -> dict[str, Any]:
    """Their values."""
    name = "ViT" if config.paper == "vit" else "DeiT"
    check_only(name, config, ONLY)
    (patch, stride, padding), *more = config.embed
    if more or (stride, padding) != (patch, 0) or config.positions == "none":
        raise cannot(name, "in one stage of patches with positions only")
    return {
        **_whose(config),
        "hidden_size": config.dims[0],
        "num_hidden_layers": config.depths[0],
        "num_attention_heads": config.heads[0],
        "intermediate_size": int(config.dims[0] * config.mlp_ratios[0]),
        "hidden_act": their_activation(config.activation),
        "layer_norm_eps": config.norm_eps,
        "image_size": _number_or_pair(config.image),
        "patch_size": patch,
        "qkv_bias": config.qkv_bias,
    }


def _whose(config: Any) -> dict[str, Any]:
    """Which model of theirs it is."""
    if not getattr(config, "distilled", False):
        return {"architectures": ["ViTForImageClassification"], "model_type": "vit"}
    teacher = "WithTeacher" if config.dist_head else ""
    return {
        "architectures": [f"DeiTForImageClassification{teacher}"],
        "model_type": "deit",
    }


def _number_or_pair(image: tuple[int, int]) -> int | list[int]:
    height, width = image
    return height if height == width else [height, width]
