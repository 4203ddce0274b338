"""The recorded graph: a node for each operation that ran, and the order back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from operator import ne
from typing import TYPE_CHECKING, Any

import numpy as np

from minicvt import threads
from minicvt.errors import GraphError

if TYPE_CHECKING:
    from minicvt.tensor import Tensor

Pullback = Callable[..., tuple[Any, ...]]

LARGE = 1 << 18
NANOSECONDS = 1.0
"""Elements whose addition threads may share, and what one takes in memory, about."""


@dataclass(slots=True, eq=False)
class Node:
    """One executed operation on the tape.

    ``inputs`` are leaves, and outlines of results in between. ``versions`` are those
    of the inputs when it ran: a leaf written to since then would make the pullback
    answer for values that are gone. ``number`` grows from one operation to the next:
    the order of execution.
    """

    name: str
    path: str
    inputs: tuple[Tensor | None, ...]
    versions: tuple[int, ...]
    spec: Any
    pullback: Pullback | None
    number: int = field(default_factory=count().__next__)

    def differentiable(self) -> list[tuple[int, Tensor]]:
        """Inputs that need a gradient, with their positions."""
        return [
            (position, tensor)
            for position, tensor in enumerate(self.inputs)
            if tensor is not None and tensor.requires_grad
        ]

    def check(self) -> None:
        """Raise ``GraphError`` if it was freed, or an input written to since."""
        if self.pullback is None:
            raise GraphError(
                f"backward: the graph of {self} was freed by an earlier backward; "
                "pass retain_graph=True to the first"
            )
        now = versions(self.inputs)
        if now != self.versions:
            position = [*map(ne, now, self.versions)].index(True)
            tensor: Any = self.inputs[position]
            raise GraphError(
                f"backward: input {position} of {self}, shape {tensor.shape}, was "
                f"written to after it was used (version {self.versions[position]} "
                f"then, {tensor.version} now)"
            )

    def release(self) -> None:
        """Let go of all that only backward needed, and keep what ``tape`` shows."""
        self.pullback = None

    def __str__(self) -> str:
        return f"{self.name} in {self.path}" if self.path else self.name


def versions(inputs: tuple[Tensor | None, ...]) -> tuple[int, ...]:
    """Return how often each input has been written to; 0 where there is none."""
    return tuple([0 if tensor is None else tensor.version for tensor in inputs])


def tape_order(root: Tensor) -> list[Tensor]:
    """Tensors ``root`` was made from, each before every tensor made from it.

    Depth first with a stack of our own: a chain of 10,000 operations is no
    deeper than one of two. A tensor is listed only when all its inputs are, so
    two residuals in series come out right, where a plain breadth-first walk
    visits the first one before the second has sent all its share.
    """
    order: list[Tensor] = []
    seen: set[Tensor] = set()
    stack: list[tuple[Tensor, bool]] = [(root, False)]
    while stack:
        tensor, inputs_listed = stack.pop()
        if inputs_listed:
            order.append(tensor)
        elif tensor not in seen:
            seen.add(tensor)
            stack.append((tensor, True))
            if tensor.node is not None:
                sources = tensor.node.differentiable()
                stack.extend([(source, False) for _, source in sources])
    return order


def shares(node: Node, *given: Any) -> Iterator[tuple[Tensor, Any]]:
    """Run one pullback: yield the share of each input that needs one.

    It is ``given`` a cotangent, and what it joins, if that is so. A thunk that knows
    how to ``add_to`` what has arrived is yielded as it is.
    """
    assert node.pullback is not None
    parts = node.pullback(*given)
    for position, source in node.differentiable():
        part = parts[position]
        if hasattr(part, "add_to"):
            yield source, part
        else:
            yield source, unbroadcast(part() if callable(part) else part, source.shape)


def pull(node: Node, *given: Any) -> Iterator[tuple[Tensor, Any]]:
    """Run one pullback, as `shares` does: yield each share as an array."""
    for source, part in shares(node, *given):
        yield source, part() if callable(part) else part


class Arrived:
    """What has come back to each tensor so far, added up.

    What came first is never written to: an addition hands the same array to both of
    its inputs. A sum that was made here is, by what comes next.
    """

    def __init__(self) -> None:
        self._sums: dict[Tensor, Any] = {}
        self._ours: set[Tensor] = set()

    def add(self, tensor: Tensor, part: Any) -> int:
        """Take one more share; return how many elements were added to others."""
        if tensor not in self._sums:
            self._sums[tensor] = part
            return 0
        self._sums[tensor] = self._joined(tensor, part)
        return tensor.size

    def pull(self, node: Node, gradient: Any) -> int:
        """Run one pullback, take its shares; return how many elements were added.

        One that ``joins`` adds what came to its first input before by itself.
        """
        joined, given, first = 0, [gradient], node.inputs[0]
        if node.spec.joins and first in self._sums:
            joined = first.size
            given.append(self.take(first))
        for source, part in shares(node, *given):
            joined += self.add(source, part)
        return joined

    def take(self, tensor: Tensor) -> Any:
        """Return the sum of all shares, which is then forgotten."""
        self._ours.discard(tensor)
        total = self._sums.pop(tensor)
        return total() if callable(total) else total

    def _joined(self, tensor: Tensor, part: Any) -> Any:
        total = self._sums[tensor]
        if callable(total):
            total = total()
            self._ours.add(tensor)
        if callable(part):
            total = total if tensor in self._ours else total.copy()
            part.add_to(total)
        else:
            total = _plus(total, part, total if tensor in self._ours else None)
        self._ours.add(tensor)
        return total


def _plus(x: Any, y: Any, out: Any) -> Any:
    """Return x + y, in ``out`` if there is one; threads share what is large."""
    if not x.ndim:
        return x + y
    if x.size < LARGE:
        return np.add(x, y, out=out)
    out = np.empty(x.shape, x.dtype) if out is None else out

    def part(first: int, last: int) -> None:
        np.add(x[first:last], y[first:last], out=out[first:last])

    threads.share(part, len(x), x.size * NANOSECONDS)
    return out


def unbroadcast(gradient: Any, shape: tuple[int, ...]) -> Any:
    """Sum ``gradient`` over the axes along which ``shape`` was broadcast.

    The adjoint of broadcasting. Sums in float64, since there may be many rows.
    """
    if gradient.shape == shape:
        return gradient
    lead = gradient.ndim - len(shape)
    stretched = tuple(lead + i for i, n in enumerate(shape) if n == 1)
    total = gradient.sum(axis=(*range(lead), *stretched), dtype=np.float64)
    return total.astype(gradient.dtype).reshape(shape)
