"""ResNet's config.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minicvt.errors import CheckpointError
from minicvt.interop.huggingface.values import check_only, per_stage, renamed

PER_STAGE = {"hidden_sizes": "dims", "depths": "depths"}
FIXED = {
    "layer_type": "bottleneck",
    "hidden_act": "relu",
    "downsample_in_first_stage": False,
}
FIRST, SECOND = "conv1", "conv2"


def read(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of ours."""
    for name, value in FIXED.items():
        if values.get(name, value) != value:
            raise CheckpointError(f"{name} should be {value}, found {values[name]!r}")
    first = values.get("downsample_in_bottleneck", False)
    return {
        **per_stage(values, PER_STAGE),
        **renamed(values, {"embedding_size": "stem_dim"}),
        "stride_in": FIRST if first else SECOND,
    }


def write(config: Any) -> dict[str, Any]:
    """Their values."""
    check_only("ResNet", config, {"stem": "imagenet"})
    return {
        "architectures": ["ResNetForImageClassification"],
        "model_type": "resnet",
        **{theirs: list(getattr(config, ours)) for theirs, ours in PER_STAGE.items()},
        **FIXED,
        "embedding_size": config.stem_dim,
        "downsample_in_bottleneck": config.stride_in == FIRST,
    }
