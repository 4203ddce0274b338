"""Exponents: slopes of log cost over log size."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import NamedTuple

from minicvt.accounting.growth.curves import Curve

POINTS = 3
"""How many sizes each fit takes: the smallest, and the largest."""


class Exponent(NamedTuple):
    """A cost goes as size^power, from one size to another."""

    power: float
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.power:.2f} ({self.first}-{self.last})"


def exponent(sizes: Sequence[int], costs: Sequence[float]) -> Exponent:
    """Fit log cost = power * log size + constant by least squares."""
    x, y = [log(size) for size in sizes], [log(cost) for cost in costs]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    across = sum((a - mean_x) ** 2 for a in x)
    both = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return Exponent(both / across, sizes[0], sizes[-1])


def exponents(curve: Curve, quantity: str) -> tuple[Exponent, Exponent] | None:
    """Fit the smallest three sizes of a curve and the largest three.

    None where fewer were measured.
    """
    there = [(s.size, getattr(s, quantity)) for s in curve.samples]
    known = [(size, cost) for size, cost in there if cost is not None]
    if len(known) < POINTS:
        return None
    low, high = (
        exponent(*zip(*part, strict=True)) for part in (known[:POINTS], known[-POINTS:])
    )
    return low, high
