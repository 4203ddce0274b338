"""Updates as nested loops."""

from __future__ import annotations

import math

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
    """p'[i] = shrink p[i] - rate mean[i] / (sqrt(square[i]) / root + eps).

    Before that mean[i] += (1 - b1) (gradient[i] - mean[i]) and
    square[i] = b2 square[i] + (1 - b2) gradient[i]^2, which are written over, as an
    exception among kernels: they are the optimiser's own. At step t shrink is
    1 - lr decay, rate lr / (1 - b1^t) and root sqrt(1 - b2^t) (Loshchilov & Hutter
    2019, algorithm 2, with the corrections taken out of the loop). All arrays (N,),
    and the bodies agree to the last bit.
    """
    kind = p.dtype.type
    new, old = kind(1 - betas[0]), kind(1 - betas[1])
    updated = np.empty_like(p)
    for i in range(p.size):
        mean[i] += new * (gradient[i] - mean[i])
        square[i] *= kind(betas[1])
        square[i] += old * gradient[i] * gradient[i]
        scale = kind(math.sqrt(square[i])) / kind(root) + kind(eps)
        updated[i] = p[i] * kind(shrink) - kind(rate) * mean[i] / scale
    return updated
