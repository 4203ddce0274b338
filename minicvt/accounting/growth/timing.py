"""Median times of several things, taken in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter

from minicvt import threads

ROUNDS = 5
THREADS = 1


def medians(
    bodies: Sequence[Callable[[], object]],
    rounds: int = ROUNDS,
    blas: int = THREADS,
) -> list[float]:
    """Return the median seconds of each of ``bodies`` over some rounds.

    Each runs once before, for what is compiled or allocated the first time; then they
    take turns, so that a slow minute of the machine is everybody's.
    """
    with threads.limit(blas):
        for body in bodies:
            body()
        turns = [[_seconds(body) for body in bodies] for _ in range(rounds)]
    return [median(times) for times in zip(*turns, strict=True)]


def _seconds(body: Callable[[], object]) -> float:
    start = perf_counter()
    body()
    return perf_counter() - start
