"""What a comparison found, and how it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from minicvt.verify.microscope.parting import Step
from minicvt.verify.microscope.place import Place

SAME, UNKNOWN = "no difference", "unknown"


class Reason(NamedTuple):
    """One likely cause, borne out by an experiment.

    ``where`` is the part that was run with this detail changed, ``error`` what then
    remained there, and ``places`` the modules in which the change was kept.
    """

    says: str
    where: str
    error: float
    places: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """One place where two models part, "forward" or "backward", and why.

    ``reasons`` has the likeliest first, and is empty where no experiment explains it.
    """

    direction: str
    place: Place
    reasons: tuple[Reason, ...]

    @property
    def cause(self) -> str:
        """The likeliest cause in words, or "unknown"."""
        return self.reasons[0].says if self.reasons else UNKNOWN

    def lines(self) -> Iterator[str]:
        """Tell it: where, what was going on, how far apart, why."""
        p = self.place
        name = p.path or "the answer"
        yield f"{self.direction}: they part at {name} ({p.part})"
        if p.difference == float("inf"):
            yield "  by their shapes, or by what is not finite"
        else:
            yield f"  by {p.difference:.2g}, which is {p.relative:.2g} of the largest"
        if p.after:
            yield f"  what comes before agrees, {p.after} last"
        if p.operations:
            yield f"  in between: {p.operations}"
        if p.equation:
            yield f"  in the paper: {p.equation}"
        yield from self._why()

    def _why(self) -> Iterator[str]:
        if not self.reasons:
            yield "  cause: unknown; no detail we know explains it"
        for rank, reason in enumerate(self.reasons):
            label = "cause" if rank == 0 else "or"
            yield f"  {label}: {reason.says}"
            kept = (
                f", kept in {len(reason.places)} modules" if reason.places[1:] else ""
            )
            tried = reason.where or "the whole model"
            yield f"    with that, {reason.error:.1g} remains in {tried}{kept}"


@dataclass(frozen=True)
class Comparison:
    """Two models, one input: where they part, in order, and why.

    A difference behind the first is what is left once those before it are made in our
    model too. ``answer`` compares the models' results as they are; ``results`` and
    ``gradients`` are how many were compared, ``wrong`` the gradients that differ once
    the forward differences are made.
    """

    differences: tuple[Difference, ...]
    answer: Step | None
    results: int
    gradients: int = 0
    wrong: tuple[Step, ...] = ()

    @property
    def agree(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    @property
    def first(self) -> Difference | None:
        """The first place where they part."""
        return self.differences[0] if self.differences else None

    @property
    def cause(self) -> str:
        """The cause of the first difference, "unknown", or "no difference"."""
        return self.first.cause if self.first else SAME

    @property
    def causes(self) -> list[str]:
        """The causes of all differences, in order."""
        return [difference.cause for difference in self.differences]

    @property
    def explained(self) -> bool:
        """Whether the causes found, together, leave no difference."""
        return all(d.reasons for d in self.differences)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """Tell it all."""
        counted = f"{self.results} results"
        if self.gradients:
            counted += f" and {self.gradients} gradients"
        if self.agree:
            yield f"no difference in {counted}"
            return
        many = len(self.differences)
        yield f"{many} difference{'s' * (many > 1)} in {counted}"
        for difference in self.differences:
            yield from ("", *difference.lines())
        if self.answer is not None and self.answer.relative == 0:
            yield "\nthe answers are the same: nothing that is read has changed"
