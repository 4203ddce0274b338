"""How a claim is read: what both sides must be to each other for it to hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple, Protocol

from minicvt.verify.equations.row import Row, decimals
from minicvt.verify.equations.verdict import (
    APPROXIMATE,
    EMPIRICAL,
    EXACT,
    Verdict,
    conditional,
)


class Reading(Protocol):
    """One way to read a claim."""

    relation: str

    def holds(self, row: Row) -> bool:
        """Whether the claim holds at one row, conditions apart."""

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        """What all rows come to."""


class Exactly:
    """Both sides are equal, as integers and fractions are."""

    relation = "="

    def holds(self, row: Row) -> bool:
        """Whether left = right."""
        return bool(row.left == row.right)

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        """Exact, exact under conditions, or contradicted."""
        return conditional(rows, self.holds)


class AsPrinted(Exactly):
    """The right side, rounded to the digits of the left one, prints the same."""

    def holds(self, row: Row) -> bool:
        """Whether right rounds to the ``Decimal`` on the left."""
        exact = Fraction(row.right)
        right = Decimal(exact.numerator) / Decimal(exact.denominator)
        digits = Decimal(1).scaleb(-decimals(row.left))
        return bool(right.quantize(digits, rounding=ROUND_HALF_UP) == row.left)


class Less(Exactly):
    """The left side is less than the right one."""

    relation = "<"

    def holds(self, row: Row) -> bool:
        """Whether left < right."""
        return bool(row.left < row.right)


@dataclass(frozen=True)
class About:
    """Both sides agree but for a relative error of ``most``, stated beforehand."""

    most: float
    relation = "about"

    def holds(self, row: Row) -> bool:
        """Whether |left - right| <= most |right|."""
        return error(row) <= self.most

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        """Approximate with the largest error, or contradicted."""
        found = conditional(rows, self.holds)
        worst = max((error(row) for row in rows if not row.unmet), default=0.0)
        kind = APPROXIMATE if found.kind == EXACT and worst else found.kind
        return Verdict(kind, found.rows, found.conditions, found.against, worst)


def error(row: Row) -> float:
    """Relative error |left - right| / |right|."""
    return abs(float(row.left) - float(row.right)) / abs(float(row.right))


class Effect(NamedTuple):
    """Mean difference in points over ``runs`` pairs, and its 95 % t-interval."""

    mean: float
    low: float
    high: float
    runs: int

    def __str__(self) -> str:
        ends = f"[{self.low:+.2f}, {self.high:+.2f}]"
        return f"{self.mean:+.2f} points {ends}, n = {self.runs}"


SUPPORTED, OPEN, AGAINST = "supported", "open", "contradicted"
UNMEASURED = "not measured here"


class Measured:
    """An effect in runs of our own; ``finding`` says what one interval shows.

    What several tasks show is the worst of it: a claim about models that fails on
    one task is contradicted, and one that is open on one task is open.
    """

    relation = "in"

    def finding(self, effect: Effect) -> str:
        """Say what an interval shows; subclasses say how."""
        raise NotImplementedError(f"{type(self).__name__} finds nothing")

    def holds(self, row: Row) -> bool:
        """Whether the interval supports the claim."""
        return self.finding(row.right) == SUPPORTED

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        """Supported, open or contradicted; without runs, not measured here."""
        found = {self.finding(row.right) for row in rows}
        order = (AGAINST, OPEN, SUPPORTED)
        worst = next((word for word in order if word in found), UNMEASURED)
        against = tuple(row for row in rows if self.finding(row.right) == worst)
        kept = () if worst in (SUPPORTED, UNMEASURED) else against
        return Verdict(EMPIRICAL.format(worst), tuple(rows), against=kept)


@dataclass(frozen=True)
class NoLoss(Measured):
    """Nothing is lost: the whole interval lies above -margin.

    A wide interval is not equivalence: one that reaches below -margin is open, unless
    it lies below it altogether.
    """

    margin: float

    def finding(self, effect: Effect) -> str:
        """Compare the interval with the margin."""
        if effect.low > -self.margin:
            return SUPPORTED
        return AGAINST if effect.high < -self.margin else OPEN


@dataclass(frozen=True)
class Gain(Measured):
    """Something is gained: the whole interval lies above 0."""

    def finding(self, effect: Effect) -> str:
        """Compare the interval with 0."""
        if effect.low > 0:
            return SUPPORTED
        return AGAINST if effect.high < 0 else OPEN


EQUAL, PRINTED, LESS = Exactly(), AsPrinted(), Less()
