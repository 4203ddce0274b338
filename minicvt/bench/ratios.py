"""Paired ratios: their median and quartiles, and when these mean nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median, quantiles

FEWEST = 5
"""Rounds below which there is no ratio to speak of."""
SPREAD = 1.25
"""How many times the upper quartile may be the lower one."""
APART = 1.15
"""How many times further two speeds lie apart than anything within one."""

RULE = (
    f"No ratio is given from fewer than {FEWEST} rounds, where the quartiles lie more "
    f"than {SPREAD} times apart, or where the ratios form two groups, each of a fifth "
    f"of the rounds or more, that lie {APART} times or more apart and further than "
    "either is wide."
)


@dataclass(frozen=True)
class Ratio:
    """The median of paired ratios between its quartiles."""

    low: float
    median: float
    high: float
    rounds: int
    groups: tuple[tuple[float, ...], ...]

    @property
    def least(self) -> float:
        """The smallest of all rounds."""
        return self.groups[0][0]

    @property
    def most(self) -> float:
        """The largest of all rounds."""
        return self.groups[-1][-1]

    @property
    def meaningless(self) -> str:
        """Why this is no ratio to print; "" for one that is."""
        if self.rounds < FEWEST:
            return f"too few rounds: {self.rounds}"
        if len(self.groups) > 1:
            said = " or ".join(f"{median(g):.2f} ({len(g)}x)" for g in self.groups)
            return f"two speeds: {said}"
        if self.high > SPREAD * self.low:
            return f"too wide: {self.low:.2f}-{self.high:.2f}"
        return ""

    def __str__(self) -> str:
        return self.meaningless or (
            f"{self.median:.2f} [{self.low:.2f}-{self.high:.2f}]"
        )


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """Divide round by round: a slow minute of the machine is in both."""
    found = [a / b for a, b in zip(ours, theirs, strict=True)]
    low, middle, high = quartiles(found)
    return Ratio(low, middle, high, len(found), groups(found))


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper, interpolated linearly."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return low, middle, high


def groups(values: Sequence[float]) -> tuple[tuple[float, ...], ...]:
    """Part positive values into two groups where they form two; else one."""
    ordered = sorted(values)
    steps = [b / a for a, b in pairwise(ordered)]
    if not steps:
        return (tuple(ordered),)
    gap = max(steps)
    cut = steps.index(gap) + 1
    low, high = tuple(ordered[:cut]), tuple(ordered[cut:])
    wide = max(group[-1] / group[0] for group in (low, high))
    fewest = max(2, len(ordered) / 5)
    if min(len(low), len(high)) >= fewest and gap >= APART and gap > wide:
        return low, high
    return (tuple(ordered),)
