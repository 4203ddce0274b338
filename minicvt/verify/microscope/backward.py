"""The way back: the first gradient that differs, and which mistake makes it so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from minicvt.kernels.types import Array
from minicvt.models.parts import part_of
from minicvt.verify.microscope.bench import Bench
from minicvt.verify.microscope.comparison import Comparison, Difference, Reason
from minicvt.verify.microscope.equations import equation_of
from minicvt.verify.microscope.gradients import Rule, compared, gradients
from minicvt.verify.microscope.mistakes import RULES
from minicvt.verify.microscope.parting import Step
from minicvt.verify.microscope.place import Place
from minicvt.verify.microscope.recording import Recording
from minicvt.verify.microscope.walks import WALKS

LOOSER = 100.0
"""How much more of rounding a gradient may have than a result."""


def differences_back(found: Comparison, bench: Bench, other: Recording) -> Comparison:
    """Add what differs on the way back, in a comparison that is explained so far."""
    assert other.cotangent is not None
    limit = LOOSER * bench.tolerance
    ours = gradients(bench.model, bench.x, other.cotangent)
    found_back = list(compared(ours, other.gradients))
    wrong = tuple(step for step in found_back if step.relative > limit)
    counted = replace(found, gradients=len(found_back), wrong=wrong)
    if not wrong:
        return counted
    agreed = found_back[: found_back.index(wrong[0])]
    place = place_back(bench.model.config, wrong[0], agreed[-1].path if agreed else "")
    reasons = reasons_back(bench, other, ours, limit, len(agreed))
    difference = Difference("backward", place, tuple(reasons))
    return replace(counted, differences=(*found.differences, difference))


def place_back(config: Any, step: Step, after: str) -> Place:
    """Say where the first wrong gradient is."""
    path = step.path.rpartition(".")[0]
    equation = equation_of(getattr(config, "paper", ""), path)
    return Place(step.path, part_of(path), equation, "", after, *step[1:])


def reasons_back(
    bench: Bench, other: Recording, ours: Mapping[str, Array], limit: float, start: int
) -> list[Reason]:
    """Try every mistake; those that explain the first wrong gradient, best first."""
    theirs = other.gradients
    tried = [(rule.says, made) for rule, made in mistaken(bench, other)]
    tried += whole(ours, theirs)
    reasons = []
    for says, made in tried:
        steps = list(compared(ours_as(made, ours), theirs))
        right = next(
            (i for i, step in enumerate(steps) if step.relative > limit), len(steps)
        )
        if right > start:
            worst = max(step.relative for step in steps[: start + 1])
            reasons.append((-right, max(worst, 1e-3 * limit), says, worst))
    return [
        Reason(says, "the way back", worst) for _, _, says, worst in sorted(reasons)
    ]


def ours_as(made: Mapping[str, Array], ours: Mapping[str, Array]) -> dict[str, Array]:
    """Keep the order of ours."""
    return {name: made[name] for name in ours}


def mistaken(bench: Bench, other: Recording) -> Iterator[tuple[Rule, dict[str, Array]]]:
    """Yield every mistake with the gradients that it makes in our model."""
    assert other.cotangent is not None
    for rule in (*WALKS, *RULES):
        yield rule, gradients(bench.model, bench.x, other.cotangent, rule)


def whole(
    ours: Mapping[str, Array], theirs: Mapping[str, Array]
) -> Iterator[tuple[str, dict[str, Array]]]:
    """Yield what can be said of all gradients at once, read off theirs.

    That all are the same multiple of ours, and that some are zero.
    """
    both = [name for name in ours if name in theirs]
    products = sum(float((ours[n] * theirs[n]).sum()) for n in both)
    factor = products / sum(float((ours[n] ** 2).sum()) for n in both)
    yield (
        f"every gradient is {factor:.6g} times ours: a loss scaled otherwise",
        {name: factor * gradient for name, gradient in ours.items()},
    )
    none = [n for n in both if not theirs[n].any() and ours[n].any()]
    yield (
        f"no gradient arrives at {len(none)} parameters: frozen, or detached",
        dict(ours) | {name: 0 * ours[name] for name in none},
    )
