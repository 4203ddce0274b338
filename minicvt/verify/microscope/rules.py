"""What may be wrong on the way back, and how it is made in a graph that ran."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from minicvt.kernels.types import Array
from minicvt.node import Pullback
from minicvt.observe import OperationEvent
from minicvt.tensor import Tensor
from minicvt.verify.microscope.recording import numberless


class Pulled(NamedTuple):
    """One pullback as it ran: its operation, what that had, what came, what it gave."""

    name: str
    inputs: tuple[Any, ...]
    options: Mapping[str, Any]
    output: Array
    cotangent: Array
    parts: tuple[Any, ...]


class Rule(NamedTuple):
    """A mistake on the way back: in pullbacks of some operations, or in the walk.

    Only in those at ``where`` (:func:`places_of`), if that is given.
    """

    says: str
    operations: tuple[str, ...] = ()
    change: Callable[[Pulled], Any] | None = None
    walk: Callable[[Tensor, Array], None] | None = None
    where: str = ""

    def concerns(self, name: str, place: str) -> bool:
        """Whether it is about this operation."""
        return name in self.operations and self.where in ("", place)


@contextmanager
def altered(events: Sequence[OperationEvent], rule: Rule | None) -> Iterator[None]:
    """Change the pullbacks that a rule is about, for a while."""
    before: list[tuple[Any, Pullback]] = []
    if rule is not None and rule.change is not None:
        for event, (name, place) in zip(events, places_of(events), strict=True):
            node = event.output.node
            if rule.concerns(name, place) and node is not None:
                before.append((node, node.pullback))
                node.pullback = alter(event, rule.change)
    try:
        yield
    finally:
        for node, pullback in before:
            node.pullback = pullback


def alter(event: OperationEvent, change: Callable[[Pulled], Any]) -> Pullback:
    """Return the pullback of an operation that ran, changed."""
    before: Pullback = event.output.node.pullback
    arrays = tuple(None if t is None else t.data for t in event.inputs)

    def pullback(d: Array, *arrived: Array) -> tuple[Any, ...]:
        parts = tuple(part() if callable(part) else part for part in before(d))
        ran = (event.name, arrays, event.options, event.output.data)
        first, *rest = change(Pulled(*ran, d, parts))
        return sum(arrived, first), *rest

    return pullback


def places_of(events: Sequence[OperationEvent]) -> list[tuple[str, str]]:
    """Name operations and their places: which of that name in its module's code.

    The places of all blocks are one: "add 1 of blocks".
    """
    counts: Counter[tuple[str, str]] = Counter()
    places = []
    for event in events:
        counts[event.path, event.name] += 1
        number = counts[event.path, event.name]
        module = numberless(event.path) or "the model"
        places.append((event.name, f"{event.name} {number} of {module}"))
    return places
