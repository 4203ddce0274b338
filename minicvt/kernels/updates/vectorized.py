"""Updates with NumPy."""

from __future__ import annotations

import numpy as np

from minicvt.kernels.types import Array


def adamw(
    p: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    betas: tuple[float, float],
    eps: float,
    shrink: float,
    rate: float,
    root: float,
) -> Array:
    """p' = shrink p - rate mean / (sqrt(square) / root + eps)."""
    b1, b2 = betas
    mean += (1 - b1) * (gradient - mean)
    square *= b2
    square += (1 - b2) * gradient * gradient
    scale = np.sqrt(square)
    scale /= root
    scale += eps
    return p * shrink - rate * mean / scale
