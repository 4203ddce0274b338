"""Independent random streams from one seed, one for each purpose."""

from __future__ import annotations

import numpy as np


def stream(seed: int, purpose: str) -> np.random.Generator:
    """Return the generator of ``purpose`` ("split", "order", ...) under ``seed``.

    It is a child of ``SeedSequence(seed)``, keyed by the letters of the purpose:
    different purposes are independent, and a new purpose moves no other's
    numbers. The root itself, ``default_rng(seed)``, initialises the model.
    """
    child = np.random.SeedSequence(seed, spawn_key=tuple(purpose.encode()))
    return np.random.default_rng(child)
