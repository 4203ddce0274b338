"""Data sets by name."""

from __future__ import annotations

from collections.abc import Callable

from minicvt.data.dataset import Dataset, batch_count, batches, shift
from minicvt.data.digits import digits
from minicvt.data.streams import stream
from minicvt.errors import unknown

DATASETS: dict[str, Callable[[int], Dataset]] = {"digits8": digits}


def load(name: str, seed: int = 0) -> Dataset:
    """Return data set ``name``, split by ``seed``; raises ``UnknownName``."""
    if name not in DATASETS:
        raise unknown("data set", name, DATASETS)
    return DATASETS[name](seed)


__all__ = [
    "DATASETS",
    "Dataset",
    "batch_count",
    "batches",
    "digits",
    "load",
    "shift",
    "stream",
]
