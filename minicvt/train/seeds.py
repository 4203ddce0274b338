"""Several seeds of one recipe: what their spread says."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Mean and half-width of its t-interval: t(n - 1) * s / sqrt(n).

    s is the standard deviation over n - 1. One value alone has no spread to
    measure: its half-width is infinite.
    """
    from scipy.special import stdtrit  # takes as long to import as NumPy itself

    n = len(values)
    if n < 2:
        return float(np.mean(values)), math.inf
    half = stdtrit(n - 1, (1 + level) / 2) * np.std(values, ddof=1) / math.sqrt(n)
    return float(np.mean(values)), float(half)
