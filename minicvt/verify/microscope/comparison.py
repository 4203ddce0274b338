"""What a comparison found, and how it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from minicvt.verify.microscope.parting import Step
from minicvt.verify.microscope.place import WHOLE, Place
from minicvt.verify.microscope.recording import ANSWER

SAME, UNKNOWN = "no difference", "unknown"


class Reason(NamedTuple):
    """One likely cause, borne out by an experiment.

    ``where`` is the part that was run with this detail changed, ``error`` what then
    remained there, and ``places`` the modules in which the change was kept. With it the
    two models part next at ``then``, or nowhere.
    """

    says: str
    where: str
    error: float
    then: str | None
    places: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Tell what the experiment showed."""
        yield f"made so, {self.where or WHOLE} is right to {self.error:.1g}"
        many = f"in {len(self.places)} modules" if self.places[1:] else "there alone"
        kept = f"made so {many}, " if self.places else ""
        if self.then is None:
            yield f"{kept}nothing else differs"
        else:
            yield f"{kept}they part next at {self.then or 'the answer'}"


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

    @property
    def heading(self) -> str:
        """Where they part."""
        name = self.place.path or "the answer"
        return f"{self.direction}: they part at {name} ({self.place.part})"

    def lines(self) -> Iterator[str]:
        """Tell how far apart, and what was going on."""
        p = self.place
        if p.difference == float("inf"):
            yield "by their shapes, or by what is not finite"
        else:
            yield f"by {p.difference:.2g}, which is {p.relative:.2g} of the largest"
        if p.after:
            yield f"what comes before agrees, {p.after} last"
        if p.operations:
            yield f"in between: {p.operations}"
        if p.equation:
            yield f"in the paper: {p.equation}"


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
        last = self.differences[-1].reasons[:1] if self.differences else ()
        return self.agree or any(reason.then is None for reason in last)

    @property
    def dead(self) -> bool:
        """Whether forward differences reach no answer: nobody reads what differs."""
        forward = any(d.direction == "forward" for d in self.differences)
        answer = self.answer
        return forward and answer is not None and answer.difference == 0

    def __str__(self) -> str:
        return "\n".join(self.lines())

    @property
    def counted(self) -> str:
        """How much was compared."""
        gradients = f" and {self.gradients} gradients" if self.gradients else ""
        if self.results == 1 and self.answer and self.answer.path == ANSWER:
            return f"the answer{gradients}"
        return f"{self.results} results{gradients}"

    def lines(self) -> Iterator[str]:
        """Tell it all."""
        if self.agree:
            yield f"no difference in {self.counted}"
            return
        many = len(self.differences)
        yield f"{many} difference{'s' * (many > 1)} in {self.counted}"
        for difference in self.differences:
            yield from ("", difference.heading)
            yield from (f"  {line}" for line in difference.lines())
            yield from _why(difference)
        if self.dead:
            yield "\nthe answers are equal: nobody reads what differs"


def _why(difference: Difference) -> Iterator[str]:
    if not difference.reasons:
        yield "  cause: unknown, no detail that we know explains it"
    for rank, reason in enumerate(difference.reasons):
        yield f"  {'or' if rank else 'cause'}: {reason.says}"
        yield from (f"    {line}" for line in reason.lines())
