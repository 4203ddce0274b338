"""The verdict as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from math import isfinite
from typing import Any

from minicvt.verify.check.examining import Seen, Verdict
from minicvt.verify.check.writing import sentence
from minicvt.verify.microscope.difference import Difference


def as_json(verdict: Verdict) -> str:
    """Write it for a program."""
    found: dict[str, Any] = {
        "file": verdict.file,
        "agrees": verdict.agrees,
        "verdict": sentence(verdict),
        "tensors": verdict.fitting and asdict(verdict.fitting),
        **_mode(verdict.evaluation),
        "training": verdict.training and _mode(verdict.training),
    }
    return json.dumps(_finite(found), indent=1, allow_nan=False)


def _mode(seen: Seen) -> dict[str, Any]:
    return {
        "logits": seen.logits._asdict(),
        "gradients": [step._asdict() for step in seen.gradients],
        "statistics": [step._asdict() for step in seen.statistics],
        "differences": [_plain(d) for d in seen.comparison.differences],
    }


def _finite(value: Any) -> Any:
    """Say what JSON has no number for, a difference in shape, as null."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _plain(difference: Difference) -> dict[str, Any]:
    return {
        "direction": difference.direction,
        "place": difference.place._asdict(),
        "cause": difference.cause,
        "reasons": [reason._asdict() for reason in difference.reasons],
    }
