"""The checklist as JSON: every claim with every row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from minicvt.verify.equations.reading import Effect
from minicvt.verify.equations.words import Judged


def as_json(found: Sequence[Judged]) -> str:
    """Write claims, verdicts and evidence."""
    everything = {
        "claims": [described(one) for one in found],
        "changed": [one.claim.id for one in found if one.changed],
    }
    return json.dumps(everything, indent=1)


def described(one: Judged) -> dict[str, Any]:
    """Return one claim as plain values."""
    claim, verdict = one.claim, one.verdict
    return {
        "id": claim.id,
        "paper": claim.paper._asdict(),
        "where": claim.where,
        "latex": claim.latex,
        "says": claim.says,
        "verdict": verdict.kind,
        "conditions": list(verdict.conditions),
        "error": verdict.error,
        "expected": claim.expected,
        "expected_conditions": list(claim.conditions),
        "changed": one.changed,
        "why": claim.why,
        "rows": [
            {
                "at": row.at,
                "left": value(row.left),
                "right": value(row.right),
                "unit": row.unit,
                "holds": claim.reading.holds(row),
                "unmet": list(row.unmet),
            }
            for row in verdict.rows
        ],
    }


def value(side: Any) -> Any:
    """Return one side of a row as JSON has it; fractions become floats."""
    if isinstance(side, Effect):
        return side._asdict()
    return float(side) if isinstance(side, Fraction | Decimal) else side
