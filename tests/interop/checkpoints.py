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


ONE_STAGE = {"dims": (24,), "depths": (2,), "heads": (3,), "num_classes": 5}
PATCHES = {"embed": ((4, 4, 0),), "mlp_ratios": 1.7, "image": (16, 24)}
FOUR_STAGES = {
    "dims": (8, 12, 16, 24),
    "depths": (1, 1, 2, 1),
    "heads": (1, 2, 4, 3),
    "num_classes": 5,
}
RELATIVES = {
    "vit-b16": ONE_STAGE | PATCHES,
    "deit-tiny": ONE_STAGE | PATCHES,
    "deit-tiny-distilled": ONE_STAGE | PATCHES,
    "t2t-7": ONE_STAGE | {"stem_dim": 8, "image": (32, 48)},
    "t2t-t-14": ONE_STAGE | {"stem_dim": 8, "image": (32, 48)},
    "ceit-tiny": ONE_STAGE | {"stem_dim": 6, "image": (32, 48)},
    "pvt-tiny": FOUR_STAGES | {"mlp_ratios": (4, 3, 2, 2), "image": (64, 64)},
    "cmt-ti": FOUR_STAGES | {"stem_dim": 4, "head_width": 20, "image": (64, 96)},
    "resnet-50": {
        "dims": (16, 24, 32, 40),
        "depths": (1, 2, 1, 1),
        "stem_dim": 8,
        "num_classes": 5,
        "image": (48, 64),
    },
}


def relative(name, dtype="float64", **overrides):
    """A small model of another paper in evaluation mode, every number random."""
    made = models.build(name, dtype=dtype, **(RELATIVES[name] | overrides)).eval()
    rng = np.random.default_rng(2)
    state = made.state_dict()
    for key, value in state.items():
        if value.dtype.kind == "f":
            one = value.ndim == 1 and key.endswith(("weight", "var"))
            state[key] = (one + rng.uniform(-0.5, 0.5, value.shape)).astype(dtype)
    made.load_state_dict(state)
    return made


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
