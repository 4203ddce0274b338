"""Data sets by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from minicvt.data.baseline import logistic_regression
from minicvt.data.composites import Composites, composites
from minicvt.data.dataset import Dataset, batch_count, batches, shift
from minicvt.data.digits import digits
from minicvt.data.streams import stream
from minicvt.data.tasks import digits16, pair8, roam16
from minicvt.errors import unknown

DATASETS: dict[str, Callable[[int], Dataset]] = {
    "digits8": digits,
    "digits16": digits16,
    "pair8": pair8,
    "roam16": roam16,
    "composites-easy": partial(composites, "easy"),
    "composites-mid": partial(composites, "mid"),
}


def load(name: str, seed: int = 0) -> Dataset:
    """Return data set ``name``, split by ``seed``; raises ``UnknownName``."""
    if name not in DATASETS:
        raise unknown("data set", name, DATASETS)
    return DATASETS[name](seed)


__all__ = [
    "DATASETS",
    "Composites",
    "Dataset",
    "batch_count",
    "batches",
    "composites",
    "digits",
    "digits16",
    "load",
    "logistic_regression",
    "pair8",
    "roam16",
    "shift",
    "stream",
]
