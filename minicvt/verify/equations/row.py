"""One row of evidence: the sizes, and both sides at them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple


class Row(NamedTuple):
    """What a claim says (``left``) and what came out (``right``), ``at`` some sizes.

    A number as a paper prints it is a ``Decimal``, whose digits count. ``unmet`` names
    the conditions that these sizes do not meet.
    """

    at: str
    left: Any
    right: Any
    unmet: tuple[str, ...] = ()
    unit: str = ""

    def sides(self) -> tuple[str, str]:
        """Write both; beside a printed number, with two digits more than it has."""
        left, right = _number(self.left), _number(self.right)
        if isinstance(self.left, Decimal) and not isinstance(self.right, Decimal):
            right = f"{float(self.right):,.{decimals(self.left) + 2}f}"
        unit = f" {self.unit}" if self.unit else ""
        return left + unit, right + unit


def failing(conditions: Mapping[str, bool]) -> tuple[str, ...]:
    """Return the names of the conditions that are not met."""
    return tuple(name for name, met in conditions.items() if not met)


def decimals(number: Decimal) -> int:
    """Return how many digits stand behind the point of a printed number."""
    return max(0, -int(number.as_tuple().exponent))


def _number(number: Any) -> str:
    """Write 49/16 as 3.0625, and what four decimals cannot hold to four digits."""
    if isinstance(number, bool):
        return "yes" if number else "no"
    if isinstance(number, int):
        return f"{number:,}"
    if isinstance(number, Decimal):
        return f"{number:f}"
    if isinstance(number, tuple) and all(isinstance(n, int) for n in number):
        return " x ".join(map(str, number))
    if not isinstance(number, Fraction | float):
        return str(number)
    short = round(float(number), 4)
    return f"{short:,.10g}" if short == float(number) else f"{float(number):,.4g}"
