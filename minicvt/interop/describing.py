"""From the contents of a checkpoint to whose names they have and the configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from minicvt import models
from minicvt.errors import CheckpointError
from minicvt.interop.huggingface import model_type, read_config
from minicvt.interop.inference import count_blocks, infer
from minicvt.interop.layout import Layout
from minicvt.interop.layouts import layout_named, recognise
from minicvt.interop.reading import CONFIG, LAYOUT, OFFICIAL, Contents

Tensors = Mapping[str, np.ndarray]
SETTLED = ("cls", "embed", "qkv_bias", "shared", "final_norm")
"""What a dialect would set, but a stored model has settled."""
SIGNATURE = "transformers_version"


def describe(
    contents: Contents,
    tensors: Tensors,
    model: str | None,
    overrides: Mapping[str, Any],
) -> tuple[Layout, models.Config]:
    """Say whose names ``tensors`` have, and read the configuration or infer it.

    Fields that the caller gives win. Raises ``CheckpointError`` that says what to give.
    """
    base = models.variant(model) if model else None
    stored = _stored(contents)
    if stored is not None:
        return _as_described(models.from_dict(stored), contents, tensors, overrides)
    given: dict[str, Any] = {}
    paper = base.paper if base else None
    if contents.config is not None:
        given = read_config(contents.config)
        paper = paper or model_type(contents.config)
    layout = recognise(tensors, paper)
    if heads := layout.heads(tensors):
        given = {"heads": (heads,)} | given
    shapes = {name: a.shape for name, a in layout.to_ours(tensors).items()}
    if contents.config is None:
        return layout, infer(shapes, layout, base, given | dict(overrides))
    config = infer(shapes, layout, base, given)
    return layout, _completed(config, shapes, overrides)


def _as_described(
    config: models.Config,
    contents: Contents,
    tensors: Tensors,
    overrides: Mapping[str, Any],
) -> tuple[Layout, models.Config]:
    """Take the configuration that minicvt wrote."""
    if CONFIG in contents.text:
        layout = layout_named(config.paper, contents.text.get(LAYOUT, OFFICIAL))
    else:
        layout = recognise(tensors, config.paper)
    shapes = {name: a.shape for name, a in layout.to_ours(tensors).items()}
    return layout, _completed(config, shapes, overrides)


def _completed(config: Any, shapes: Any, overrides: Mapping[str, Any]) -> models.Config:
    """Check the depths, and change what the caller wants otherwise."""
    _agree(config.depths, count_blocks(shapes))
    kept = {name: getattr(config, name) for name in SETTLED if hasattr(config, name)}
    return config.override(**(kept | dict(overrides)))


def _stored(contents: Contents) -> Any:
    """Return the configuration that minicvt wrote, if it wrote the file.

    transformers keeps it when it saves a model, whatever has become of that one
    since, and signs.
    """
    described = contents.config or {}
    stored = None if described.get(SIGNATURE) else described.get("minicvt")
    if CONFIG in contents.text:
        stored = json.loads(contents.text[CONFIG])
    if not isinstance(stored, dict | None):
        raise CheckpointError(f"configuration should be a table, found {stored!r:.40}")
    return stored


def _agree(described: tuple[int, ...], found: tuple[int, ...]) -> None:
    """Refuse before building: a damaged depth could ask for a billion blocks."""
    if described != found:
        raise CheckpointError(
            f"the configuration has {described} blocks a stage, the weights {found}"
        )
