"""What a comparison found, and how it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from minicvt.verify.microscope.difference import Difference
from minicvt.verify.microscope.parting import Step
from minicvt.verify.microscope.recording import ANSWER

SAME = "no difference"


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
            yield from (f"  {line}" for line in difference.why())
        if self.dead:
            yield "\nthe answers are equal: nobody reads what differs"
