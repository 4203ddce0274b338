"""Models on disk: one safetensors file with the published names and the config."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from minicvt import models
from minicvt.errors import CheckpointError
from minicvt.files import StrPath, read_tensors, write_tensors

CONFIG = "minicvt.config"


def save(model: Any, path: StrPath) -> None:
    """Write parameters, buffers and configuration to ``path``, atomically.

    The names are those of the official code, so any safetensors reader can use
    the file. Raises ``OSError`` where it cannot be written.
    """
    config = json.dumps(model.config.as_dict())
    write_tensors(path, model.state_dict(), {CONFIG: config})


def load(path: StrPath) -> Any:
    """Rebuild the model that :func:`save` wrote, in evaluation mode.

    Weights stored in float16 are widened to float32.

    Raises ``CheckpointError`` when the file is damaged, foreign, or does not hold
    the model its configuration describes.
    """
    state, metadata = read_tensors(path)
    model = _config(path, metadata).build(dtype=_dtype(path, state))
    model.load_state_dict(state)
    return model.eval()


def _config(path: StrPath, metadata: Mapping[str, str]) -> models.Config:
    if CONFIG not in metadata:
        raise CheckpointError(
            f"{path}: expected a model saved by minicvt.save, found no configuration "
            f"{CONFIG!r}; build the model and use model.load_state_dict"
        )
    try:
        return models.from_dict(json.loads(metadata[CONFIG]))
    except ValueError as error:
        raise CheckpointError(f"{path}: configuration: {error}") from error


def _dtype(path: StrPath, state: Mapping[str, Any]) -> Any:
    dtypes = {a.dtype for a in state.values() if a.dtype.kind == "f"}
    if len(dtypes) != 1:
        found = ", ".join(sorted(map(str, dtypes))) or "none"
        raise CheckpointError(f"{path}: expected one floating dtype, found {found}")
    dtype = dtypes.pop()
    return np.dtype("float32") if dtype == np.float16 else dtype
