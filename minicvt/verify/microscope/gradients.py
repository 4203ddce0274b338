"""Gradients of a model of ours, with one detail of the way back changed if wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from minicvt import ops
from minicvt.kernels.types import Array
from minicvt.node import Pullback
from minicvt.observe import OperationEvent, observe
from minicvt.tensor import Tensor
from minicvt.verify.microscope.recording import numberless
from minicvt.verify.microscope.twin import twin

IMAGES = "images"
"""Name of the gradient of what went in."""


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


class Ran(NamedTuple):
    """A model that ran forward, ready for the way back."""

    model: Any
    images: Tensor
    answer: Tensor
    events: list[OperationEvent]


def run(model: Any, x: Any) -> Ran:
    """Run a copy of ``model`` with its graph recorded."""
    copy, images = twin(model), Tensor(np.asarray(x, model.dtype), requires_grad=True)
    with observe() as events, np.errstate(all="ignore"):
        output = copy(images)
    answer = output
    if isinstance(output, tuple):
        answer = ops.concatenate(*output, axis=-1)
    ran = [event for event in events if isinstance(event, OperationEvent)]
    return Ran(copy, images, answer, ran)


def gradients(
    model: Any, x: Any, cotangent: Array, rule: Rule | None = None
) -> dict[str, Array]:
    """Return the gradients of <cotangent, answer>: of the images, of what is trained.

    Their order is that of the way back: last used first. Zero where none arrives.
    """
    ran = run(model, x)
    if rule is not None and rule.change is not None:
        for event, (name, place) in zip(ran.events, places_of(ran.events), strict=True):
            if rule.concerns(name, place) and event.output.node is not None:
                alter(event, rule.change)
    walk = rule.walk if rule is not None and rule.walk is not None else Tensor.backward
    if ran.answer.requires_grad:
        with np.errstate(all="ignore"):
            walk(ran.answer, np.asarray(cotangent, ran.answer.dtype))
    leaves = dict(ran.model.named_parameters()) | {IMAGES: ran.images}
    wanted = {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}
    order = back(ran, wanted)
    return {n: _of(wanted[n]) for n in sorted(wanted, key=lambda n: order.get(n, -1))}


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


def drawn(answer: Array, seed: int) -> Array:
    """Draw a cotangent for ``answer``."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.normal(size=answer.shape), answer.dtype)


def back(ran: Ran, leaves: Mapping[str, Tensor]) -> dict[str, int]:
    """Number leaves by when the way back arrives at their first use."""
    names = {id(leaf): name for name, leaf in leaves.items()}
    order: dict[str, int] = {}
    for i, event in enumerate(reversed(ran.events)):
        for tensor in event.inputs:
            if id(tensor) in names:
                order[names[id(tensor)]] = i
    return order


def _of(leaf: Tensor) -> Array:
    return np.zeros(leaf.shape, leaf.dtype) if leaf.grad is None else leaf.grad


def alter(event: OperationEvent, change: Callable[[Pulled], Any]) -> None:
    """Change the pullback of an operation that ran."""
    node = event.output.node
    before: Pullback = node.pullback
    arrays = tuple(None if t is None else t.data for t in event.inputs)

    def pullback(d: Array) -> tuple[Any, ...]:
        parts = tuple(part() if callable(part) else part for part in before(d))
        ran = (event.name, arrays, event.options, event.output.data)
        return tuple(change(Pulled(*ran, d, parts)))

    node.pullback = pullback
