"""A whole training run in one file, written atomically."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from minicvt import models
from minicvt.errors import CheckpointError
from minicvt.files import StrPath, read_tensors, write_tensors
from minicvt.kernels.types import Array
from minicvt.nn import Module
from minicvt.train.history import History
from minicvt.train.recipes import Recipe
from minicvt.train.run import Run

FORMAT = "minicvt training run 1"


def save_run(path: StrPath, run: Run) -> None:
    """Write model, optimiser, generators, history, recipe and configuration."""
    tensors = _prefixed("model", run.model.state_dict())
    tensors |= _prefixed("optimizer", run.optimizer.state_dict())
    metadata = {
        "format": FORMAT,
        "identity": json.dumps(identity(run)),
        "step": str(run.step),
        "generators": json.dumps(run.random_states()),
        "history": run.history.to_json(),
    }
    write_tensors(path, tensors, metadata)


def restore_run(path: StrPath, run: Run) -> None:
    """Continue ``run`` from ``path``, to the same bits as if it had never stopped.

    Raises ``CheckpointError`` when the file is damaged, is no training run, or is
    one of another recipe, model or data set; the message says what differs.
    """
    tensors, metadata = read_tensors(path)
    if metadata.get("format") != FORMAT:
        found = metadata.get("format", "a file without that mark")
        raise CheckpointError(f"{path}: expected a {FORMAT!r}, found {found!r}")
    written, asked = _completed(json.loads(metadata["identity"])), identity(run)
    if written != asked:
        raise CheckpointError(
            f"{path}: belongs to another run: {difference(written, asked)}"
        )
    run.model.load_state_dict(_without_prefix("model", tensors))
    run.optimizer.load_state_dict(_without_prefix("optimizer", tensors))
    run.rewind(json.loads(metadata["generators"]))
    run.step = int(metadata["step"])
    run.history = History.from_json(metadata["history"])


def identity(run: Run) -> dict[str, Any]:
    """Return what must be the same for a run to continue, as JSON would hold it."""
    parts = {
        "recipe": asdict(run.recipe),
        "model": _described(run.model),
        "data set": run.dataset.name,
        "dtype": str(run.model.dtype),
    }
    return json.loads(json.dumps(parts))


def _described(model: Module) -> Any:
    """Return a published model's configuration, or the tree of anyone else's."""
    config = getattr(model, "config", None)
    return repr(model) if config is None else config.as_dict()


def _completed(written: dict[str, Any]) -> dict[str, Any]:
    """Give fields that recipes and configurations have gained since their defaults."""
    model = written["model"]
    if isinstance(model, dict) and "paper" in model:
        model = models.from_dict(model).as_dict()
    recipe = asdict(Recipe(**written["recipe"]))
    return json.loads(json.dumps(written | {"model": model, "recipe": recipe}))


def difference(written: Any, asked: Any, place: str = "") -> str:
    """Name every leaf where two JSON values differ, and both values there."""
    if isinstance(written, dict) and isinstance(asked, dict):
        return "; ".join(
            difference(written.get(key), asked.get(key), f"{place} {key}".strip())
            for key in written | asked
            if written.get(key) != asked.get(key)
        )
    return f"{place} is {written!r} in the file, {asked!r} here"


def _prefixed(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def _without_prefix(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    start = f"{prefix}."
    return {
        name.removeprefix(start): array
        for name, array in arrays.items()
        if name.startswith(start)
    }
