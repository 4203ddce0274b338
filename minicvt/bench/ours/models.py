"""What this library does in a comparison, in a process of its own (:mod:`serving`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import minicvt as mc
from minicvt.files import read_tensors
from minicvt.kernels.types import Array

Case = Mapping[str, Any]
STEPS = 2
"""Training steps whose losses all parties must agree about."""


def build(case: Case) -> tuple[Callable[[], object], dict[str, Any]]:
    """Return what is timed, with the answers that a peer's must equal."""
    body, answers = WORKS[case["work"]](case)
    versions = {name: version(name) for name in ("minicvt", "numpy", "numba")}
    return body, {"versions": versions, "answers": answers}


def inference(case: Case) -> tuple[Callable[[], object], Any]:
    """Probabilities of a batch."""
    model, images, _ = _loaded(case)
    fast = model.fold() if case["fold"] else model
    return lambda: mc.predict(fast, images), mc.predict(fast, images).tolist()


def training(case: Case) -> tuple[Callable[[], object], Any]:
    """A step of AdamW; the answers are the losses of the first ones."""
    model, images, labels = _loaded(case)
    model.train()
    optimiser = mc.train.AdamW(model.named_parameters(), lr=1e-3)

    def step() -> float:
        loss = mc.ops.cross_entropy(model(images), labels)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        return loss.item()

    return step, [step() for _ in range(STEPS)]


def _loaded(case: Case) -> tuple[Any, Array, Array]:
    folder = Path(case["folder"])
    data, _ = read_tensors(folder / "data.safetensors")
    model = mc.load(folder / "ours.safetensors")
    return model, data["images"], np.asarray(data["labels"])


WORKS = {"inference": inference, "training": training}
