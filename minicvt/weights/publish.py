"""From a training run to weights and a card: how the files here were made.

::

    minicvt train composites-mid --seed 0 --out runs
    python -m minicvt.weights.publish cvt-rgb32-mid composites-mid 0 runs
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from minicvt.data import Dataset, load
from minicvt.errors import CheckpointError
from minicvt.files import StrPath, write_atomic, write_tensors
from minicvt.interop import load as load_model
from minicvt.interop.store import CONFIG
from minicvt.kernels.types import Array
from minicvt.train import RECIPES, Run, bootstrap, predict, restore_run
from minicvt.weights.cards import Card
from minicvt.weights.shipped import sha256


def publish(
    name: str, task: str, seed: int, runs: StrPath, folder: StrPath = "."
) -> Card:
    """Write ``name.safetensors`` and ``name.json`` to ``folder``; return the card.

    The run is the one ``minicvt train TASK --seed SEED --out RUNS`` left. Weights are
    stored in float16, and the card's accuracy is measured on what was stored. Raises
    ``CheckpointError`` where there is no finished run.
    """
    run = _finished(task, seed, runs)
    path = Path(folder) / f"{name}.safetensors"
    _write_half(path, run.model)
    stored = hits(load_model(path), run.dataset)
    estimate = bootstrap(stored, run.dataset.test_scans)
    card = Card(
        name=name,
        task=task,
        recipe=asdict(run.recipe),
        commands=[
            f"minicvt train {task} --seed {seed} --out runs",
            f"python -m minicvt.weights.publish {name} {task} {seed} runs",
        ],
        parameters=run.model.count_parameters(),
        test_images=len(stored),
        accuracy=estimate.mean,
        interval=(estimate.low, estimate.high),
        accuracy_float32=float(hits(run.model, run.dataset).mean()),
        sha256=sha256(path),
    )
    write_atomic(path.with_suffix(".json"), card.to_json().encode())
    return card


def hits(model: Any, dataset: Dataset) -> Array:
    """Whether each held-out image got its label, ``(N,)``."""
    answers = predict(model, dataset.test_images).argmax(axis=-1)
    return answers == dataset.test_labels


def _finished(task: str, seed: int, runs: StrPath) -> Run:
    recipe = replace(RECIPES[task], seed=seed)
    dataset = load(recipe.dataset, seed)
    run = Run.start(recipe.build(dataset), dataset, recipe)
    path = Path(runs) / f"{task}-{seed}.safetensors"
    restore_run(path, run)
    if run.progress < 1:
        raise CheckpointError(f"{path}: expected a finished run, it is in {run.place}")
    return run


def _write_half(path: Path, model: Any) -> None:
    half = {
        key: array.astype(np.float16) if array.dtype.kind == "f" else array
        for key, array in model.state_dict().items()
    }
    write_tensors(path, half, {CONFIG: json.dumps(model.config.as_dict())})


def main(arguments: Sequence[str]) -> None:
    """Publish into the current folder, as the module's docstring shows."""
    name, task, seed, runs = arguments
    print(publish(name, task, int(seed), runs).to_json(), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
