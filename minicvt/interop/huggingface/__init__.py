"""The config.json of transformers' models, read and written: one module a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minicvt.errors import CheckpointError
from minicvt.interop.huggingface import cvt, pvt, resnet, vit
from minicvt.models import Config

MODELS: dict[str, Any] = {
    "cvt": cvt,
    "vit": vit,
    "deit": vit,
    "pvt": pvt,
    "resnet": resnet,
}
"""By what transformers call ``model_type``, and we ``paper``."""


def model_type(values: Mapping[str, Any]) -> str:
    """Which model a config.json is of; others raise ``CheckpointError``."""
    found = values.get("model_type")
    if not isinstance(found, str) or found not in MODELS:
        known = ", ".join(MODELS)
        raise CheckpointError(f"model_type should be one of {known}, found {found!r}")
    return found


def read_config(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of ours from a config.json.

    Raises ``CheckpointError`` for another model, and for what neither they nor we
    can run. Dropouts sit elsewhere in their code: they warn and stay behind.
    """
    single = {
        "in_chans": values.get("num_channels"),
        "num_classes": len(values.get("id2label") or ()) or values.get("num_labels"),
    }
    fields: dict[str, Any] = MODELS[model_type(values)].read(values)
    return fields | {name: v for name, v in single.items() if v is not None}


def write_config(config: Config, dtype: Any) -> dict[str, Any]:
    """Return the config.json of a model, for transformers' ``from_pretrained``.

    Raises ``CheckpointError`` for what their code cannot run; warns where it runs
    something else than this model.
    """
    return {
        "dtype": str(dtype),
        "num_channels": config.in_chans,
        "num_labels": config.num_classes,
        **MODELS[config.paper].write(config),
    }
