"""The config.json of transformers' CvT, read and written."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from minicvt.errors import CheckpointError
from minicvt.models import Config, CvTConfig

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
}
"""What transformers' code does whatever its configuration says."""


def read_config(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of ours from a config.json, in the dialect "hf".

    Raises ``CheckpointError`` for another model, and for what neither they nor we
    can run. Dropouts sit elsewhere in their code: they warn and stay behind.
    """
    if values.get("model_type") != "cvt":
        raise CheckpointError(
            f'model_type should be "cvt", found {values.get("model_type")!r}'
        )
    fields = {ours: _tuple(values, k) for k, ours in PER_STAGE.items() if k in values}
    if all(name in values for name in EMBED):
        parts = (_tuple(values, name) for name in EMBED)
        fields["embed"] = tuple(zip(*parts, strict=True))
    for name, value in FIXED.items():
        if any(found != value for found in _tuple(values, name)):
            raise CheckpointError(f"{name} should be {value}, found {values[name]}")
    if any(any(_tuple(values, name)) for name in DROPOUTS):
        warnings.warn(
            f"{' and '.join(DROPOUTS)} are not 0: they matter in training alone, and "
            "are left out",
            stacklevel=2,
        )
    biases = _tuple(values, "qkv_bias")
    classes = len(values.get("id2label", ())) or values.get("num_labels")
    single = {
        "dialect": "hf",
        "in_chans": values.get("num_channels"),
        "qkv_bias": all(biases) if biases else None,
        "num_classes": classes,
    }
    return fields | {k: v for k, v in single.items() if v is not None}


def _tuple(values: Mapping[str, Any], name: str) -> tuple[Any, ...]:
    value = values.get(name, ())
    if not isinstance(value, list | tuple):
        raise CheckpointError(f"{name} should be a list, found {value!r}")
    return tuple(value)


def write_config(config: Config, dtype: Any) -> dict[str, Any]:
    """Return the config.json of a model, for transformers' ``from_pretrained``.

    Raises ``CheckpointError`` for what their code cannot run; warns where it runs
    another activation than ``config``'s.
    """
    if not isinstance(config, CvTConfig):
        raise CheckpointError(f"layout 'hf' is for CvT, not for {config.name}")
    for name, value in ONLY.items():
        if any(found != value for found in _entries(getattr(config, name))):
            raise _cannot(f"with {name}={value!r} only, not {getattr(config, name)!r}")
    if any(config.cls[:-1]):
        raise _cannot(f"with a class token in the last stage only, not {config.cls}")
    if any(depth <= stage for stage, depth in enumerate(config.depths)):
        raise _cannot(f"with more than i blocks in stage i only, not {config.depths}")
    if config.activation != "gelu":
        warnings.warn(
            "transformers runs every CvT with exact GELU: its logits will not be those "
            f"of this model, which has {config.activation!r}",
            stacklevel=3,
        )
    return _fields(config, dtype)


def _fields(config: CvTConfig, dtype: Any) -> dict[str, Any]:
    stages = len(config.dims)
    return {
        "architectures": ["CvtForImageClassification"],
        "model_type": "cvt",
        "dtype": str(dtype),
        "num_channels": config.in_chans,
        "num_labels": config.num_classes,
        "qkv_bias": [config.qkv_bias] * stages,
        **{theirs: list(getattr(config, ours)) for theirs, ours in PER_STAGE.items()},
        "mlp_ratio": [float(ratio) for ratio in config.mlp_ratios],
        "drop_path_rate": [float(rate) for rate in config.drop_path],
        **dict(zip(EMBED, map(list, zip(*config.embed, strict=True)), strict=True)),
        **{name: [value] * stages for name, value in FIXED.items()},
    }


def _cannot(what: str) -> CheckpointError:
    return CheckpointError(f"transformers runs CvT {what}: save it in another layout")


def _entries(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)
