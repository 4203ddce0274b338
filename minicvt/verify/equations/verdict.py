"""Verdicts, and how they are computed from rows that hold and rows that do not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from minicvt.verify.equations.row import Row

EXACT, IFF, IF = "exact", "exact iff", "exact if"
APPROXIMATE, CONTRADICTED = "approximate", "contradicted"
EMPIRICAL = "empirical: {}"
NOTHING = "does not apply"
"""No row at all: an even kernel, or stride 1, in a claim about what strides save."""


@dataclass(frozen=True)
class Verdict:
    """What the evidence comes to.

    ``conditions`` are those without which there is a counter-example, and
    ``against`` has the first of each, or of a contradicted claim all that fail.
    ``error`` is the largest relative error of an approximate one.
    """

    kind: str
    rows: tuple[Row, ...]
    conditions: tuple[str, ...] = ()
    against: tuple[Row, ...] = ()
    error: float = 0.0


def conditional(rows: Sequence[Row], holds: Callable[[Row], bool]) -> Verdict:
    """Judge a claim that should hold wherever its conditions are met.

    It is "exact" if it holds everywhere, conditions or not; "exact iff" them if it
    fails wherever one is not met, and "exact if" them if it sometimes holds even so.
    A condition counts only where it alone is not met and the claim fails: the first
    such row, the smallest of a sweep, is its counter-example.
    """
    rows = tuple(rows)
    if not rows:
        return Verdict(NOTHING, rows)
    fail = [row for row in rows if not holds(row)]
    if any(not row.unmet for row in fail):
        against = tuple(row for row in fail if not row.unmet)
        return Verdict(CONTRADICTED, rows, against=against)
    if not fail:
        return Verdict(EXACT, rows)
    alone = {row.unmet[0]: row for row in reversed(fail) if len(row.unmet) == 1}
    first = {text: alone[text] for row in rows for text in row.unmet if text in alone}
    kind = IFF if all(not holds(row) for row in rows if row.unmet) else IF
    return Verdict(kind, rows, tuple(first), tuple(first.values()) or (fail[0],))
