"""Small models whose every tensor has values of its own, and ways to write them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from minicvt import models

DATA = Path(__file__).parents[1] / "data"
SMALL = {
    "dims": (8, 16),
    "depths": (1, 2),
    "heads": (1, 2),
    "embed": ((7, 4, 2), (3, 2, 1)),
    "mlp_ratios": 2.0,
    "cls": (False, True),
    "drop_path": 0.0,
    "num_classes": 5,
}


def small(**overrides):
    """A two-stage CvT in evaluation mode, no two of its numbers alike."""
    model = models.build("cvt-13", seed=1, **(SMALL | overrides)).eval()
    rng = np.random.default_rng(2)
    state = model.state_dict()
    for name, value in state.items():
        if value.dtype.kind == "f":
            fresh = rng.uniform(0.5, 1.5, value.shape) if value.ndim == 1 else value * 4
            state[name] = fresh.astype(value.dtype)
        else:
            state[name] = np.array(7)
    model.load_state_dict(state)
    return model


def images(model, size=(21, 30), batch=2):
    shape = (batch, *size, model.config.in_chans)
    return np.random.default_rng(3).normal(size=shape).astype(model.dtype)


def write_bare(path, state):
    """Write what the official code would: tensors by name, and nothing else."""
    save_file({k: np.asarray(v, order="C") for k, v in state.items()}, path)
    return path


def same_state(ours, theirs):
    """Whether two models hold the same bits under the same names."""
    a, b = ours.state_dict(), theirs.state_dict()
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def manifest(name):
    """Names and shapes of a published checkpoint, as in cvt-13.official."""
    path = DATA / "manifests" / f"{name}.json"
    shapes = json.loads(path.read_text(encoding="utf-8"))
    return {key: tuple(shape) for key, shape in shapes.items()}


def hollow(shapes):
    """Tensors of these shapes that take no memory."""
    zeros = {k: np.zeros((), int if "num_b" in k else np.float32) for k in shapes}
    return {k: np.broadcast_to(zeros[k], shape) for k, shape in shapes.items()}
