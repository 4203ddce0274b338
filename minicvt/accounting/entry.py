"""One line of the ledger: what ran, where, on what, and what it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod
from typing import Any

from minicvt.accounting.memory import memory, nbytes
from minicvt.models.parts import part_of
from minicvt.node import Node
from minicvt.observe import OperationEvent
from minicvt.ops.spec import UNITS, Made, Shape, Work

DIRECTIONS = FORWARD, BACKWARD = "forward", "backward"

QUANTITIES = {
    **UNITS,
    "flops": "two for each multiply-add, and none for anything else",
    "parameters": "numbers of parameters, each where it is first used",
    "read": "bytes of inputs and parameters; backward, of a cotangent and what is kept",
    "written": "bytes of outputs; backward, of the inputs' cotangents",
    "kept": "bytes that pullbacks hold, each array at the first that holds it",
}
"""What an entry knows of an operation. Nothing is moved where memory is only seen in
another way, or a cotangent handed on."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One executed operation, or its pullback, in integers.

    ``inputs`` and ``output`` are the operation's shapes, backward too; ``work`` is by
    unit. The rest is bytes and numbers: see :data:`QUANTITIES`.
    """

    direction: str
    operation: str
    path: str
    inputs: tuple[Shape | None, ...]
    output: Shape
    work: Work
    parameters: int
    read: int
    written: int
    kept: int

    @property
    def macs(self) -> int:
        """Multiply-adds."""
        return self.work.get("macs", 0)

    @property
    def stage(self) -> str:
        """First part of the path: "stage0", ..., "head"."""
        return self.path.split(".")[0] or "model"

    @property
    def part(self) -> str:
        """What the operation is for, in the paper's words."""
        return part_of(self.path)

    def amount(self, quantity: str) -> int:
        """Look up one of :data:`QUANTITIES`."""
        if quantity in UNITS:
            return self.work.get(quantity, 0)
        return 2 * self.macs if quantity == "flops" else getattr(self, quantity)

    def as_dict(self) -> dict[str, Any]:
        """What it is, and every quantity."""
        what = {
            "direction": self.direction,
            "kind": self.operation,
            "module": self.path,
            "stage": self.stage,
            "part": self.part,
            "inputs": list(self.inputs),
            "output": self.output,
        }
        return what | {quantity: self.amount(quantity) for quantity in QUANTITIES}


GROUPINGS: dict[str, Callable[[Entry], str]] = {
    "kind": lambda entry: entry.operation,
    "module": lambda entry: entry.path or "model",
    "stage": lambda entry: entry.stage,
    "part": lambda entry: entry.part,
    "direction": lambda entry: entry.direction,
}


def forward_entry(event: OperationEvent, parameters: int, kept: int) -> Entry:
    """Write down an operation that ran."""
    spec, dtype = event.spec, event.output.dtype
    given = [t for t in event.inputs if t is not None]
    made = event.output.data.nbytes + sum(map(prod, spec.extras)) * dtype.itemsize
    moves = not any(memory(t.data) is memory(event.output.data) for t in given)
    return Entry(
        FORWARD,
        event.name,
        event.path,
        _shapes(event.inputs),
        spec.shape,
        dict(spec.work),
        parameters,
        read=sum(t.data.nbytes for t in given) if moves else 0,
        written=made if moves else 0,
        kept=kept,
    )


def backward_entry(node: Node, joined: int) -> Entry:
    """Write down a pullback, and ``joined`` elements added to other cotangents."""
    spec = node.spec
    needed = list(node.differentiable())
    dtype = needed[0][1].dtype
    own = [spec.cotangent(position) for position, _ in needed]
    work = Counter(spec.always)
    for done in (*own, {"additions": joined}):
        work.update(done)
    made = [t for (_, t), done in zip(needed, own, strict=True) if done or spec.always]
    seen = sum(nbytes(shape, dtype) for shape in (spec.shape, *_held(node)))
    sums = joined * dtype.itemsize
    again = 0 if spec.joins else sums  # sums by themselves: a share is read once more
    return Entry(
        BACKWARD,
        node.name,
        node.path,
        _shapes(node.inputs),
        spec.shape,
        dict(+work),
        parameters=0,
        read=sums + again + (seen if made else 0),
        written=again + sum(nbytes(t.shape, dtype) for t in made),
        kept=0,
    )


def _shapes(inputs: Iterable[Any]) -> tuple[Shape | None, ...]:
    return tuple(None if t is None else t.shape for t in inputs)


def _held(node: Node) -> list[Shape | Made]:
    """Shapes of all that a pullback looks at."""
    inputs: Any = (*node.inputs, node.spec)  # OUTPUT is the last
    keeps = node.spec.keeps
    return [inputs[k].shape if isinstance(k, int) else k for k in keeps]
