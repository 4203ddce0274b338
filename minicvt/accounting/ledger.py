"""The ledger: every operation that ran, and its multiply-adds, in integers.

What is counted as a MAC is what the operation's own rule says: convolutions,
linear maps and the two products of attention. Norms, softmax, activations and
additions do none. One MAC is two FLOPs wherever FLOPs are written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self

from minicvt.blank import Blank
from minicvt.errors import unknown
from minicvt.models.parts import part_of
from minicvt.observe import Event, OperationEvent, observe
from minicvt.tables import table
from minicvt.tensor import Tensor
from minicvt.train import evaluation


@dataclass(frozen=True, slots=True)
class Entry:
    """One executed operation: its name, the module it ran in, shapes and cost."""

    operation: str
    path: str
    inputs: tuple[tuple[int, ...] | None, ...]
    output: tuple[int, ...]
    macs: int

    @property
    def stage(self) -> str:
        """First part of the path: "stage0", ..., "head"."""
        return self.path.split(".")[0] or "model"

    @property
    def part(self) -> str:
        """What the operation is for, in the paper's words."""
        return part_of(self.path)


GROUPINGS: dict[str, Callable[[Entry], str]] = {
    "kind": lambda entry: entry.operation,
    "module": lambda entry: entry.path or "model",
    "stage": lambda entry: entry.stage,
    "part": lambda entry: entry.part,
}


class Ledger:
    """Everything that ran inside ``with count() as ledger:``."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(observe(self._note))
        return self

    def __exit__(self, *_: Any) -> None:
        self._open.close()

    def _note(self, event: Event) -> None:
        if isinstance(event, OperationEvent):
            shapes = tuple(None if t is None else t.shape for t in event.inputs)
            spec = event.spec
            entry = Entry(event.name, event.path, shapes, spec.shape, spec.macs)
            self.entries.append(entry)

    @property
    def macs(self) -> int:
        """All multiply-adds."""
        return sum(entry.macs for entry in self.entries)

    def by(self, grouping: str) -> dict[str, int]:
        """MACs by "kind" (operation), "module", "stage" or "part", in order of run.

        Groups that do none are left out; other groupings raise ``UnknownName``.
        """
        if grouping not in GROUPINGS:
            raise unknown("grouping", grouping, GROUPINGS)
        totals: Counter[str] = Counter()
        for entry in self.entries:
            totals[GROUPINGS[grouping](entry)] += entry.macs
        return {name: macs for name, macs in totals.items() if macs}

    def table(self, grouping: str = "part") -> str:
        """The same as a table, with the share of each group and the total."""
        rows = [
            (name, macs, f"{macs / self.macs:.1%}")
            for name, macs in self.by(grouping).items()
        ]
        return table((grouping, "MACs", "share"), [*rows, ("total", self.macs, "")])

    def __repr__(self) -> str:
        return self.table()


def count(model: Any = None, image: tuple[int, int] | None = None) -> Ledger:
    """Count multiply-adds.

    ``with count() as ledger:`` counts whatever runs inside. ``count(model,
    image=(224, 224))`` counts one forward pass over one image of that height and
    width (its own by default) by shapes alone, in evaluation mode; a model built
    under ``shapes_only()`` needs no memory for it.
    """
    ledger = Ledger()
    if model is None:
        return ledger
    shape = (1, *(image or model.config.image), model.config.in_chans)
    with ledger, evaluation(model):
        model(Tensor(Blank(shape, model.dtype)))
    return ledger
