"""Where two models part, in words: module, operations, equation, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from minicvt.models.parts import part_of
from minicvt.observe import OperationEvent
from minicvt.verify.microscope.bench import Bench
from minicvt.verify.microscope.equations import equation_of
from minicvt.verify.microscope.parting import apart
from minicvt.verify.microscope.recording import Recording, module_path, within

WHOLE = "the whole model"


class Place(NamedTuple):
    """The first result that differs.

    ``after`` is the last that agrees, ``operations`` what ours ran in between; where
    the other model is ours too, the one that differs first. ``difference`` is
    max|a - b|, ``relative`` that over max|b|; both are infinite for other shapes.
    """

    path: str
    part: str
    equation: str
    operations: str
    after: str
    difference: float
    relative: float


def place_of(bench: Bench, other: Recording) -> Place:
    """Say where a comparison first finds a difference."""
    step = bench.first
    assert step is not None
    after = bench.agreed[-1].path if bench.agreed else ""
    path = module_path(step.path)
    ran = between(bench.ours, after, step.path)
    names = ", ".join(dict.fromkeys(event.name for event in ran))
    paper = getattr(bench.model.config, "paper", "")
    return Place(
        step.path,
        part_of(path) if path else WHOLE,
        equation_of(paper, path),
        first_apart(ran, between(other, after, step.path), bench.tolerance) or names,
        after,
        step.difference,
        step.relative,
    )


def between(made: Recording, after: str, upto: str) -> list[OperationEvent]:
    """Return the operations that ran between two results, outside other modules.

    Without those that only show memory in another way.
    """
    if upto not in made.clock:
        return []
    ran = made.operations[made.clock.get(after, 0) : made.clock[upto]]
    mine = [event for event in ran if within(upto, event.path)]
    return [event for event in mine if not event.spec.view]


def first_apart(
    ours: Sequence[OperationEvent], theirs: Sequence[OperationEvent], limit: float
) -> str:
    """Say which operation differs first, and in which options; "" if nobody knows."""
    for mine, its in zip(ours, theirs, strict=False):
        if mine.name != its.name:
            return f"{its.name} where ours runs {mine.name}"
        if apart(its.output.numpy(), mine.output.numpy())[1] > limit:
            return f"{mine.name}{options_apart(mine.options, its.options)}"
    return ""


def options_apart(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Say which plain options differ."""
    plain = (int, float, tuple)
    found = [
        f"{name} {theirs.get(name)}, ours {value}"
        for name, value in ours.items()
        if isinstance(value, plain) and theirs.get(name) != value
    ]
    return f" with {'; '.join(found)}" if found else ""
