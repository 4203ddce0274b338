"""Updates in Numba: one pass over memory where NumPy makes a dozen."""

from __future__ import annotations

import math

import numpy as np

from minicvt.kernels.jit import frozen
from minicvt.kernels.team import shared
from minicvt.kernels.types import Array

NANOSECONDS = 1.5  # an element, in memory; a fifth in a cache


@shared
def _adamw(
    updated: Array,
    p: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    factors: tuple[float, ...],
    first: int,
    last: int,
) -> None:
    kind = p.dtype.type
    new, kept, old = kind(factors[0]), kind(factors[1]), kind(factors[2])
    eps, shrink, rate = kind(factors[3]), kind(factors[4]), kind(factors[5])
    root = kind(factors[6])
    updated, p, gradient = updated[first:last], p[first:last], gradient[first:last]
    mean, square = mean[first:last], square[first:last]
    for i in range(len(p)):  # from 0: no index can be negative
        mean[i] += new * (gradient[i] - mean[i])
        square[i] *= kept
        square[i] += old * gradient[i] * gradient[i]
        scale = kind(math.sqrt(square[i])) / root + eps
        updated[i] = p[i] * shrink - rate * mean[i] / scale


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
    factors = (1 - b1, b2, 1 - b2, eps, shrink, rate, root)
    updated, p, gradient = np.empty_like(p), frozen(p), frozen(gradient)
    work = p.size, p.size * NANOSECONDS
    _adamw(*work, updated, p, gradient, mean, square, factors)
    return updated
