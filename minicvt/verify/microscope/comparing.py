"""Two models side by side: where they part first, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from minicvt.errors import OptionError
from minicvt.kernels.types import Array
from minicvt.nn import Module
from minicvt.verify.microscope.backward import differences_back
from minicvt.verify.microscope.bench import Bench
from minicvt.verify.microscope.comparison import Comparison
from minicvt.verify.microscope.diagnosis import Cause, diagnosed
from minicvt.verify.microscope.difference import Difference, Reason
from minicvt.verify.microscope.foreign import is_torch, record_torch
from minicvt.verify.microscope.gradients import IMAGES, drawn, gradients, run
from minicvt.verify.microscope.hypotheses import HYPOTHESES
from minicvt.verify.microscope.parting import tolerance_of
from minicvt.verify.microscope.place import place_of
from minicvt.verify.microscope.recording import (
    ANSWER,
    Recording,
    module_path,
    record,
)
from minicvt.verify.microscope.twin import twin

MOST = 12
"""Differences that are looked for, one behind the other."""


def compare(
    model: Any, other: Any, x: Any, *, tolerance: float | None = None, seed: int = 0
) -> Comparison:
    """Find the first place where two models part on ``x``, and the likely cause.

    ``model`` is one of ours. ``other`` is one of ours too, a module of PyTorch whose
    names are those of a layout, a :class:`Recording`, or results by the path they
    have in ours (``{"stage0.patch_embed": array, "": logits}``, maps channels last).
    Both run as they are, in training or evaluation, and stay as they are.

    Results are compared in the order they are made, then, where the forward agrees or
    is explained, gradients of a random cotangent on the way back. A cause is named
    only if our model does the same once that detail is changed in it; then the two are
    compared again, so changed. Raises ``OptionError`` for what cannot be compared. Two
    results agree up to ``tolerance``, relative to the
    largest number; it is that of rounding, and float64 sees far more than float32.
    """
    if not isinstance(model, Module):
        raise OptionError(
            f"compare: expected a model of ours first, got {type(model).__name__}"
        )
    theirs = known(recorded(model, other, x, seed), model)
    limit = tolerance_of((model, *theirs.points.values()))
    limit = limit if tolerance is None else tolerance
    found, bench = forward(model, theirs, x, limit)
    if bench.first is not None or theirs.cotangent is None:
        return found
    return differences_back(found, bench, theirs)


def recorded(model: Any, other: Any, x: Any, seed: int) -> Recording:
    """Record the other model, or take what was recorded of it.

    Of one of ours, gradients are kept of the parameters that have the same values in
    both: of others they may well differ.
    """
    if isinstance(other, Recording):
        return other
    if isinstance(other, Mapping):
        return Recording({path: np.asarray(other[path]) for path in other})
    if is_torch(other):
        return record_torch(other, model, x, seed=seed)
    if not isinstance(other, Module):
        raise OptionError(
            f"compare: expected a model or its results, got {type(other).__name__}"
        )
    made = ours_recorded(other, x, drawn(run(other, x).answer.numpy(), seed))
    mine, its = dict(model.named_parameters()), dict(other.named_parameters())
    alike = {name for name in mine.keys() & its.keys() if same(mine[name], its[name])}
    kept = {n: g for n, g in made.gradients.items() if n in alike or n == IMAGES}
    return replace(made, gradients=kept)


def known(theirs: Recording, model: Any) -> Recording:
    """Return what was recorded; raise ``OptionError`` if nothing in it is of ours."""
    paths = dict(model.named_modules())
    if not any(module_path(path) in paths for path in theirs.points):
        got = repr(next(iter(theirs.points))) if theirs.points else "none"
        raise OptionError(f"compare: expected results by paths of our model, got {got}")
    return theirs


def same(ours: Any, theirs: Any) -> bool:
    """Whether two parameters have the same values."""
    return np.array_equal(ours.numpy(), theirs.numpy())


def ours_recorded(model: Any, x: Any, cotangent: Array) -> Recording:
    """Record a model of ours, forward and backward."""
    made = record(twin(model), x)
    found = gradients(model, x, cotangent)
    return replace(made, gradients=found, cotangent=cotangent)


def forward(
    model: Any, other: Recording, x: Any, tolerance: float
) -> tuple[Comparison, Bench]:
    """Name each place where they part, once those before it are made in ours too."""
    differences: list[Difference] = []
    bench = start = Bench(model, x, other.points, tolerance)
    while bench.first is not None and len(differences) < MOST:
        place = place_of(bench, other)
        causes = diagnosed(bench, HYPOTHESES)
        reasons = tuple(map(reason_of, causes))
        differences.append(Difference("forward", place, reasons))
        if not causes or causes[0].bench.reach <= bench.reach:
            break
        bench = causes[0].bench
    answers = {step.path: step for step in start.steps}
    found = Comparison(tuple(differences), answers.get(ANSWER), len(start.steps))
    return found, bench


def reason_of(cause: Cause) -> Reason:
    """Keep of a cause what can be told."""
    found, first = cause.finding, cause.bench.first
    then = first.path if first else None
    return Reason(found.hypothesis.says, found.scope, found.error, then, cause.paths)
