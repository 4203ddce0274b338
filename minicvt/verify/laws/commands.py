"""What ``minicvt verify laws`` runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from minicvt.tables import markdown, table
from minicvt.verify.laws import APART, FAMILIES, ROUNDING, Family, Law

DRAWS = 10
BROKEN = 1
"""The exit code when a law does not hold."""
HEADERS = ("law", "the two sides", "least", "largest")
INTRODUCTION = """\
# Laws, and what looks like one

What must hold for any weights and any inputs, and beside it what must not: that two
things are equal says little until something close by is seen to differ. Each is
measured on {draws} random draws of weights, inputs and sizes, in float64: the least and
the largest difference, relative to the largest value. Up to {rounding:.0e} two sides
are equal, from {apart:.0e} on they differ. `minicvt verify laws` measures it on your
machine, and fails if a law does not hold; `--markdown` writes this page."""
WRITTEN = {
    None: ("{}", "{}\n  {}", table),
    "markdown": ("## {}", "{}\n`{}`", markdown),
}
"""By form: a heading, a law with its equation, a table."""


SIDES = {
    (True, True): "equal",
    (True, False): "should be equal",
    (False, True): "differ",
    (False, False): "should differ",
}
"""By what a law says, and whether it holds."""


class Judged(NamedTuple):
    """A law, its differences, and whether they are what it says."""

    law: Law
    found: Sequence[float]

    @property
    def holds(self) -> bool:
        """Whether it does."""
        return self.law.holds(self.found)


def laws(
    draws: int = DRAWS, form: str | None = None, families: Sequence[Family] = FAMILIES
) -> int:
    """Print every law with its differences; return 1 if one does not hold."""
    judged = {
        family: [Judged(law, law.differences(range(draws))) for law in family.laws]
        for family in families
    }
    heading, cell, lay = WRITTEN[form]
    limits = {"draws": draws, "rounding": ROUNDING, "apart": APART}
    parts = [INTRODUCTION.format(**limits)] if form else []
    for family, group in judged.items():
        rows = [row(one, cell) for one in group]
        parts += [heading.format(family.title), family.note, lay(HEADERS, rows)]
    everything = [one for group in judged.values() for one in group]
    print("\n\n".join(filter(None, [*parts, "" if form else verdict(everything)])))
    return 0 if all(one.holds for one in everything) else BROKEN


def row(one: Judged, cell: str) -> tuple[str, ...]:
    """Lay out one law, with its equation."""
    sides = SIDES[one.law.equal, one.holds]
    ends = (f"{end(one.found):.0e}" for end in (min, max))
    return cell.format(one.law.says, one.law.equation), sides, *ends


def verdict(judged: Sequence[Judged]) -> str:
    """Say which laws do not hold, if any."""
    broken = [one.law.says for one in judged if not one.holds]
    if not broken:
        return f"{len(judged)} laws hold on {len(judged[0].found)} draws each"
    return f"{len(broken)} of {len(judged)} laws do not hold: {' '.join(broken)}"
