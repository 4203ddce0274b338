"""One place where two models part, and what experiments say of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from minicvt.verify.microscope.place import WHOLE, Place

UNKNOWN = "unknown"


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

    def why(self) -> Iterator[str]:
        """Tell the causes, the likeliest first."""
        if not self.reasons:
            yield "cause: unknown, no detail that we know explains it"
        for rank, reason in enumerate(self.reasons):
            yield f"{'or' if rank else 'cause'}: {reason.says}"
            yield from (f"  {line}" for line in reason.lines())
