"""Median times of several things, taken in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from statistics import median
from time import perf_counter

from minicvt import threads

ROUNDS = 5
THREADS = 1
TURN = 0.1
"""Seconds that a turn takes at least: what is quicker runs again and again in it."""
SLOW = 1.0
"""Seconds that are too many for a second run beforehand."""

Body = Callable[[], object]


def medians(bodies: Sequence[Body], rounds: int = ROUNDS) -> list[float]:
    """Return the median seconds of each of ``bodies`` over some rounds.

    Each runs before, for what is compiled or allocated the first time, and those that
    are quick once more, to tell how often they fit into a turn; then they take turns,
    so that a slow minute of the machine is everybody's.
    """
    with threads.limit(THREADS):
        pairs = [(body, _times(body)) for body in bodies]
        turns = [[_seconds(*pair) for pair in pairs] for _ in range(rounds)]
    return [median(seconds) for seconds in zip(*turns, strict=True)]


def _times(body: Body) -> int:
    """Return how often a body fits into a turn, at least once."""
    seconds = _seconds(body, 1)
    if seconds < SLOW:
        seconds = _seconds(body, 1)
    return ceil(TURN / max(seconds, 1e-6))


def _seconds(body: Body, times: int) -> float:
    """Return the mean of so many runs."""
    start = perf_counter()
    for _ in range(times):
        body()
    return (perf_counter() - start) / times
