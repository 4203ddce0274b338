"""How sure a mean over test images is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minicvt.data import stream
from minicvt.kernels.types import Array

RESAMPLES = 4000


class Estimate(NamedTuple):
    """A mean and the ends of its interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap(values: Array, clusters: Array | None = None) -> Estimate:
    """Mean of ``values`` ``(N,)`` and its 95 % percentile interval.

    Images that show the same thing are drawn together: ``clusters`` ``(N,)`` numbers
    what each shows (Davison & Hinkley 1997, section 3.8); without, each image
    stands for itself. The resampling is seeded: the same values, the same interval.
    """
    values = np.asarray(values, np.float64)
    _, cluster = np.unique(
        np.arange(len(values)) if clusters is None else clusters, return_inverse=True
    )
    sums, sizes = np.bincount(cluster, values), np.bincount(cluster)
    even = np.full(len(sums), 1 / len(sums))
    times = stream(0, "bootstrap").multinomial(len(sums), even, size=RESAMPLES)
    means = times @ sums / (times @ sizes)
    low, high = np.quantile(means, (0.025, 0.975))
    return Estimate(float(values.mean()), float(low), float(high))
