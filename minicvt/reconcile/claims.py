"""What the paper's text says of its tables, held beside the tables."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from minicvt.reconcile.conventions import fit
from minicvt.reconcile.printed import Claim, Place, cells, claims, number


class Checked(NamedTuple):
    """A claim, what the tables give for it, and whether that is the same."""

    claim: Claim
    found: str
    agrees: bool


def _equals(claim: Claim) -> Checked:
    found = number(claim.of)
    return Checked(claim, str(found), found == Decimal(claim.value))


def _difference(claim: Claim) -> Checked:
    """``of`` less ``other``, in the digits that are printed."""
    assert claim.other is not None
    found = number(claim.of) - number(claim.other)
    return Checked(claim, str(found), found == Decimal(claim.value))


def _fewer(claim: Claim) -> Checked:
    """Percent by which ``of`` is less than ``other``, rounded or truncated."""
    assert claim.other is not None
    percent = 100 * (1 - number(claim.of) / number(claim.other))
    agrees = fit(int(percent * 1000), claim.value, 1000) in ("rounds", "truncates")
    return Checked(claim, f"{percent:.1f}", agrees)


def _at_most(claim: Claim) -> Checked:
    found = number(claim.of)
    return Checked(claim, str(found), found <= Decimal(claim.value))


def _best(claim: Claim) -> Checked:
    """``of`` is the largest of its column."""
    table, _, column = claim.of
    there = [p for p in cells() if (p.table, p.column) == (table, column)]
    best = max(there, key=number)
    return Checked(claim, f"{number(best)} of {best.row}", best == claim.of)


RULES: dict[str, Callable[[Claim], Checked]] = {
    "equals": _equals,
    "difference": _difference,
    "fewer": _fewer,
    "at most": _at_most,
    "best": _best,
}


def checked() -> list[Checked]:
    """Return every claim with what its table gives, in the paper's order."""
    return [RULES[claim.rule](claim) for claim in claims()]


def contradicting(place: Place) -> list[Checked]:
    """Return the claims about a cell that its table does not bear out."""
    return [c for c in checked() if c.claim.of == place and not c.agrees]
