"""CvT's config.json, whose model has no options for what dialects differ in."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from minicvt.errors import CheckpointError
from minicvt.interop.huggingface.values import (
    as_tuple,
    cannot,
    check_only,
    per_stage,
    warn_of_dropouts,
)
from minicvt.models import CvTConfig

PER_STAGE = {
    "embed_dim": "dims",
    "depth": "depths",
    "num_heads": "heads",
    "mlp_ratio": "mlp_ratios",
    "qkv_projection_method": "projection",
    "stride_kv": "kv_stride",
    "cls_token": "cls",
    "drop_path_rate": "drop_path",
}
"""Their lists, one entry a stage, and our fields."""

EMBED = ("patch_sizes", "patch_stride", "patch_padding")
FIXED = {"kernel_qkv": 3, "padding_q": 1, "padding_kv": 1, "stride_q": 1}
DROPOUTS = ("drop_rate", "attention_drop_rate")
ONLY = {
    "projection": "dw_bn",
    "positions": "none",
    "scale": "dim",
    "shared": "none",
    "final_norm": True,
    "stem": "none",
    "ffn": "mlp",
    "qk_ratio": 1,
    "local": False,
    "embed_norm": True,
    "norm_eps": 1e-5,
    "embed_eps": 1e-5,
}
"""What transformers' code does whatever its configuration says."""


def read(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of ours, in the dialect "hf"."""
    fields = per_stage(values, PER_STAGE)
    if all(name in values for name in EMBED):
        parts = (as_tuple(values, name) for name in EMBED)
        fields["embed"] = tuple(zip(*parts, strict=True))
    for name, value in FIXED.items():
        if any(found != value for found in as_tuple(values, name)):
            raise CheckpointError(f"{name} should be {value}, found {values[name]}")
    warn_of_dropouts(values, DROPOUTS)
    biases = as_tuple(values, "qkv_bias")
    return {"dialect": "hf"} | fields | ({"qkv_bias": all(biases)} if biases else {})


def write(config: CvTConfig) -> dict[str, Any]:
    """Their values; warns where they run another activation than ``config``'s."""
    check_only("CvT", config, ONLY)
    if any(config.cls[:-1]):
        raise cannot(
            "CvT", f"with a class token in the last stage only, not {config.cls}"
        )
    if any(depth <= stage for stage, depth in enumerate(config.depths)):
        raise cannot(
            "CvT", f"with more than i blocks in stage i only, not {config.depths}"
        )
    if config.activation != "gelu":
        warnings.warn(
            "transformers runs every CvT with exact GELU: its logits will not be those "
            f"of this model, which has {config.activation!r}",
            stacklevel=4,
        )
    return _fields(config)


def _fields(config: CvTConfig) -> dict[str, Any]:
    stages = len(config.dims)
    return {
        "architectures": ["CvtForImageClassification"],
        "model_type": "cvt",
        "qkv_bias": [config.qkv_bias] * stages,
        **{theirs: list(getattr(config, ours)) for theirs, ours in PER_STAGE.items()},
        "mlp_ratio": [float(ratio) for ratio in config.mlp_ratios],
        "drop_path_rate": _rates(config),
        **dict(zip(EMBED, map(list, zip(*config.embed, strict=True)), strict=True)),
        **{name: [value] * stages for name, value in FIXED.items()},
    }


def _rates(config: CvTConfig) -> list[float]:
    """Rates of drop path, of which theirs is the rule for what to do with them."""
    dropped = config.drop_path_rule != "none"
    return [float(rate) * dropped for rate in config.drop_path]
