"""The way back: the first gradient that differs, and which mistake makes it so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from minicvt.kernels.types import Array
from minicvt.models.parts import part_of
from minicvt.verify.microscope.bench import Bench
from minicvt.verify.microscope.comparison import Comparison
from minicvt.verify.microscope.difference import Difference, Reason
from minicvt.verify.microscope.equations import equation_of
from minicvt.verify.microscope.gradients import Ran, gradients, pulled, run
from minicvt.verify.microscope.mistakes import RULES
from minicvt.verify.microscope.parting import Step, compared
from minicvt.verify.microscope.place import Place
from minicvt.verify.microscope.recording import Recording
from minicvt.verify.microscope.rules import Rule, places_of
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
    """Try every mistake; return those that explain the first wrong gradient.

    Everywhere at once; if none does, in the operations of one place in each block.
    """
    assert other.cotangent is not None
    ran = run(bench.model, bench.x)
    make = partial(pulled, ran, other.cotangent)
    everywhere = ((rule.says, make(rule)) for rule in (*WALKS, *RULES))
    places = ((f"{rule.says}, in {where}", make(rule)) for where, rule in narrowed(ran))
    for tried in (chain(everywhere, whole(ours, other.gradients)), places):
        judged = (judge(*one, ours, other.gradients, limit) for one in tried)
        found = [one for one in judged if one.agreed > start]
        if found:
            found.sort(key=lambda one: (-one.agreed, max(one.error, limit / 1e3)))
            return [Reason(o.says, "the way back", o.error, o.then) for o in found]
    return []


class Judged(NamedTuple):
    """How many gradients agree before one does not, if a mistake is made in ours."""

    says: str
    agreed: int
    error: float
    then: str | None


def judge(
    says: str,
    made: Mapping[str, Array],
    ours: Mapping[str, Array],
    theirs: Mapping[str, Array],
    limit: float,
) -> Judged:
    """Compare gradients that a mistake made with theirs, in the order of ours."""
    steps = list(compared({name: made[name] for name in ours}, theirs))
    wrong = [i for i, step in enumerate(steps) if step.relative > limit]
    agreed = wrong[0] if wrong else len(steps)
    error = max((step.relative for step in steps[:agreed]), default=0.0)
    return Judged(says, agreed, error, steps[agreed].path if wrong else None)


def narrowed(ran: Ran) -> Iterator[tuple[str, Rule]]:
    """Make each mistake in fewer operations: one by one of those in a module's code."""
    places = places_of(ran.events)
    for rule in RULES:
        for where in dict.fromkeys(p for n, p in places if n in rule.operations):
            yield where, rule._replace(where=where)


def whole(
    ours: Mapping[str, Array], theirs: Mapping[str, Array]
) -> Iterator[tuple[str, dict[str, Array]]]:
    """Yield what can be said of all gradients at once, read off theirs.

    That all are the same multiple of ours, and that some are zero.
    """
    both = [n for n in ours if n in theirs and ours[n].shape == theirs[n].shape]
    products = sum(float((ours[n] * theirs[n]).sum()) for n in both)
    factor = products / (sum(float((ours[n] ** 2).sum()) for n in both) or 1.0)
    if factor:
        yield (
            f"every gradient is {factor:.6g} times ours: a loss scaled otherwise",
            {name: factor * gradient for name, gradient in ours.items()},
        )
    none = [n for n in both if not theirs[n].any() and ours[n].any()]
    yield (
        f"no gradient arrives at {len(none)} parameters: frozen, or detached",
        dict(ours) | {name: 0 * ours[name] for name in none},
    )
