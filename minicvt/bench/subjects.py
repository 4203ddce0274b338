"""The same weights, images and labels for all parties, in a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from minicvt import models
from minicvt.files import write_atomic, write_tensors
from minicvt.interop import export, save
from minicvt.interop.huggingface import write_config
from minicvt.kernels.types import Array

NOISE = 0.05
"""Spread of what is added to every weight, lest ones and zeros hide a difference."""


def prepare(folder: Path, options: Mapping[str, Any]) -> None:
    """Write ``ours.safetensors`` and ``data.safetensors``, and a folder for peers.

    That has what transformers loads, ``config.json`` and ``model.safetensors``. Its
    CvT needs more than i blocks in stage i: ``blocks`` says how many are really there.
    Nothing is dropped, so that a training step has one answer.
    """
    rng = np.random.default_rng(0)
    config: Any = models.variant(
        options["model"],
        dialect="hf",
        kv_stride=options["kv_stride"],
        drop_path_rule="none",
    )
    model = config.build("float32", seed=0)
    state = {name: _noisy(rng, array) for name, array in model.state_dict().items()}
    model.load_state_dict(state)
    save(model, folder / "ours.safetensors")
    write_tensors(folder / "model.safetensors", export(model, "hf"), {"format": "pt"})
    enough = tuple(max(depth, i + 1) for i, depth in enumerate(config.depths))
    theirs = write_config(config.override(depths=enough), model.dtype)
    content = json.dumps(theirs | {"blocks": config.depths})
    write_atomic(folder / "config.json", content.encode())
    write_tensors(folder / "data.safetensors", _data(rng, config, options))


def _noisy(rng: np.random.Generator, array: Array) -> Array:
    """Add noise to numbers that are not counted; none of them changes its sign."""
    if array.dtype != np.float32:
        return array
    return (array + NOISE * rng.random(array.shape)).astype(np.float32)


def _data(
    rng: np.random.Generator, config: Any, options: Mapping[str, Any]
) -> dict[str, Array]:
    """Draw images, channels last, and labels."""
    batch, size = options["batch"], options["size"]
    shape = (batch, size, size, config.in_chans)
    images = rng.standard_normal(shape).astype(np.float32)
    return {"images": images, "labels": rng.integers(0, config.num_classes, batch)}
