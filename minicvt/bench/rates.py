"""The two ceilings of a roofline, measured: matrix products, and moving memory."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from minicvt import threads
from minicvt.kernels.types import Array

SIDE = 1024
"""Of the matrices whose product is timed: large enough for BLAS's best."""
MOVED = 2**27
"""Bytes that each thread copies: more than a cache holds."""
TRIES = 15


def product_rate(width: int) -> float:
    """Return the multiply-adds a second of float32 products, one in each thread."""
    rng = np.random.default_rng(0)
    a, b = (rng.random((SIDE, SIDE), np.float32) for _ in range(2))
    outs = [np.empty_like(a) for _ in range(width)]
    best = _best(lambda out: np.matmul(a, b, out=out), outs)
    return width * SIDE**3 / best


def copy_rate(width: int) -> float:
    """Return the bytes a second, read and written, of copies in all threads."""
    pairs = [np.zeros((2, MOVED), np.uint8) for _ in range(width)]
    return 2 * width * MOVED / _best(lambda pair: np.copyto(pair[1], pair[0]), pairs)


def _best(function: Callable[[Array], object], items: list[Array]) -> float:
    """Return the seconds of the quickest of some tries, items side by side."""
    took = []
    for _ in range(TRIES):
        start = time.perf_counter()
        threads.each(function, items, len(items))
        took.append(time.perf_counter() - start)
    return min(took)
