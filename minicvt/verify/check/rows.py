"""What was compared, a row each."""

from __future__ import annotations

from collections.abc import Iterator

from minicvt.verify.check.examining import Seen, Verdict
from minicvt.verify.check.fitting import Fitting
from minicvt.verify.check.official import OFFICIAL, TRAINING

WHOSE = {
    "official": "the official names",
    "hf": "transformers' names",
    "lucidrains": "vit-pytorch's names",
}
FEW = 3
"""Names that are written out; the rest are counted."""


def rows(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """What was compared, a row each."""
    if verdict.fitting is None:
        yield "names", "not told: no state(model)"
    else:
        yield from _fitted(verdict.fitting)
    yield from _seen(verdict.evaluation, "")
    if verdict.training is not None:
        yield from _seen(verdict.training, " in training")
        yield "statistics", _statistics(verdict.training)
    elif verdict.evaluation.agrees:
        yield "in training", "not told: no train(model)"
    else:
        yield "in training", "not looked at, as it differs in evaluation"


def _seen(seen: Seen, mode: str) -> Iterator[tuple[str, str]]:
    yield f"logits{mode}", _apart(seen.logits.difference, seen.logits.relative)
    yield f"gradients{mode}", _gradients(seen)


def _gradients(seen: Seen) -> str:
    total, wrong = len(seen.gradients), seen.wrong(seen.gradients)
    if not total:
        return "not told: no gradients(model, images, cotangent)"
    there = len(OFFICIAL.gradients) + 1
    rest = f"; {there - total} of {there} are not told" if total < there else ""
    worst = max(step.relative for step in wrong or seen.gradients)
    if wrong:
        return f"{len(wrong)} of {total} differ, by up to {worst:.2g}{rest}"
    return f"all {total} as the official ones, to {worst:.1g}{rest}"


def _statistics(seen: Seen) -> str:
    total, wrong = len(seen.statistics), seen.wrong(seen.statistics)
    if not total:
        return "not told: no state(model) with names that we know"
    if wrong:
        return f"{len(wrong)} of {total} that BatchNorm remembers differ"
    there = len(TRAINING.statistics)
    rest = f"; {there - total} of {there} are not told" if total < there else ""
    return f"all {total} that BatchNorm remembers{rest}"


def _fitted(fit: Fitting) -> Iterator[tuple[str, str]]:
    whose = WHOSE.get(fit.layout, "names of no layout that we know")
    kinds = ("missing", "unexpected", "misshapen") if fit.layout else ()
    wrong = {kind: listed(names) for kind in kinds if (names := getattr(fit, kind))}
    fits = ", as many as there" if fit.layout and not wrong else ""
    yield "names", f"{fit.tensors} tensors by {whose}{fits}"
    yield from wrong.items()
    there = OFFICIAL.meta["n_params"]
    same = "as there" if fit.parameters == there else f"there {there:,}"
    yield "parameters", f"{fit.parameters:,}, {same}"


def listed(names: tuple[str, ...]) -> str:
    """Count names, and write out the first."""
    rest = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return f"{len(names)}: {', '.join(names[:FEW])}{rest}"


def _apart(difference: float, relative: float) -> str:
    if difference == float("inf"):
        return "not finite"
    if difference == 0:
        return "equal"
    return f"{difference:.2g} apart, {relative:.2g} of the largest"
