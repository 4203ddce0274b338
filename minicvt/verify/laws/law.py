"""A law: two things that are one, or that are not, and by how much they differ.

::

    @equal("Depthwise convolution is a block-diagonal dense one.", "D(w) = C(W), ...")
    def depthwise(draw: Draw) -> float:  # the relative difference, for random inputs

What is measured holds for any inputs of any size: they are drawn, in float64. An
``equal`` law holds up to ``ROUNDING``; an ``unequal`` one says that the two are at
least ``APART`` apart, so that the first kind is known to be no accident.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from minicvt.verify.operations import Draw

ROUNDING = 1e-13
"""What sums in another order may differ by, relative to the largest value."""
APART = 1e-9
"""Ten thousand times that: no rounding."""

Measure = Callable[[Draw], float]


@dataclass(frozen=True)
class Law:
    """One law: what it says, as an equation, and how its two sides are compared."""

    says: str
    equation: str
    measure: Measure
    equal: bool

    def differences(self, seeds: range) -> list[float]:
        """Measure it on one draw a seed."""
        return [self.measure(Draw(Random(seed))) for seed in seeds]

    def holds(self, found: Sequence[float]) -> bool:
        """Whether all differences are on the side that it says."""
        return max(found) <= ROUNDING if self.equal else min(found) >= APART


class Family:
    """Laws of one subject, in the order of the file that lists them."""

    def __init__(self, title: str, note: str = "") -> None:
        self.title, self.note = title, note
        self.laws: list[Law] = []

    def equal(self, says: str, equation: str) -> Callable[[Measure], Measure]:
        """Enter a law of two sides that are one."""
        return self._entering(says, equation, True)

    def unequal(self, says: str, equation: str) -> Callable[[Measure], Measure]:
        """Enter a law of two sides that are not."""
        return self._entering(says, equation, False)

    def _entering(
        self, says: str, equation: str, equal: bool
    ) -> Callable[[Measure], Measure]:
        def enter(measure: Measure) -> Measure:
            self.laws.append(Law(says, equation, measure, equal))
            return measure

        return enter
