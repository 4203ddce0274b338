"""The ledger: every operation that ran, and every pullback, in integers.

What counts as a MAC is what the operation's own rule says: convolutions, linear maps
and the two products of attention. Norms, softmax, activations and additions have units
of their own (:data:`minicvt.ops.spec.UNITS`). One MAC is two FLOPs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any, Self

from minicvt.accounting import writing
from minicvt.accounting.entry import (
    DIRECTIONS,
    GROUPINGS,
    QUANTITIES,
    Entry,
    backward_entry,
    forward_entry,
)
from minicvt.accounting.memory import Kept
from minicvt.errors import unknown
from minicvt.nn import Parameter
from minicvt.observe import BackwardEvent, Event, OperationEvent, observe
from minicvt.tables import html, table


class Ledger:
    """Everything that ran inside ``with count() as ledger:``.

    ``entries`` are in the order they ran. Groupings and quantities other than
    ``GROUPINGS`` and ``QUANTITIES`` raise ``UnknownName``.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._open = ExitStack()
        self._kept = Kept()
        self._parameters: dict[int, Parameter] = {}

    def __enter__(self) -> Self:
        self._open.enter_context(observe(self._note))
        return self

    def __exit__(self, *_: Any) -> None:
        self._open.close()

    def _note(self, event: Event) -> None:
        if isinstance(event, OperationEvent):
            new, kept = self._new_parameters(event), self._kept.note(event)
            self.entries.append(forward_entry(event, new, kept))
        elif isinstance(event, BackwardEvent):
            self.entries.append(backward_entry(event.node, event.joined))

    def _new_parameters(self, event: OperationEvent) -> int:
        """Count the parameters that no operation used before."""
        found = {id(t): t for t in event.inputs if isinstance(t, Parameter)}
        new = found.keys() - self._parameters.keys()
        self._parameters |= found  # held, so that no other takes its id
        return sum(found[key].size for key in new)

    @property
    def macs(self) -> int:
        """All multiply-adds, backward ones too where they were recorded."""
        return self.total("macs")

    def total(self, quantity: str = "macs", direction: str = "") -> int:
        """Sum up one quantity, "forward" or "backward" or (``""``) both."""
        return sum(amount for _, amount in self._amounts(quantity, direction))

    def by(
        self, grouping: str, quantity: str = "macs", direction: str = ""
    ) -> dict[str, int]:
        """Totals by "kind" (operation), "module", "stage", "part" or "direction".

        In order of run; groups that have none are left out.
        """
        if grouping not in GROUPINGS:
            raise unknown("grouping", grouping, GROUPINGS)
        totals: Counter[str] = Counter()
        for entry, amount in self._amounts(quantity, direction):
            totals[GROUPINGS[grouping](entry)] += amount
        return {name: amount for name, amount in totals.items() if amount}

    def _amounts(self, quantity: str, direction: str) -> Iterator[tuple[Entry, int]]:
        if quantity not in QUANTITIES:
            raise unknown("quantity", quantity, QUANTITIES)
        if direction and direction not in DIRECTIONS:
            raise unknown("direction", direction, DIRECTIONS)
        for entry in self.entries:
            if entry.direction == direction or not direction:
                yield entry, entry.amount(quantity)

    def rows(self, grouping: str | None = None) -> list[dict[str, Any]]:
        """All quantities of every entry, or of every group."""
        if grouping is None:
            return [entry.as_dict() for entry in self.entries]
        totals = {quantity: self.by(grouping, quantity) for quantity in QUANTITIES}
        names = dict.fromkeys(map(GROUPINGS[grouping], self.entries))
        return [
            {grouping: name, **{q: totals[q].get(name, 0) for q in QUANTITIES}}
            for name in names
        ]

    def csv(self, grouping: str | None = None) -> str:
        """Write :meth:`rows` as CSV, with a header."""
        return writing.as_csv(self.rows(grouping))

    def json(self, grouping: str | None = None) -> str:
        """Write :meth:`rows` and the totals as JSON, with what each quantity is."""
        totals = {quantity: self.total(quantity) for quantity in QUANTITIES}
        return writing.as_json(totals, self.rows(grouping))

    def table(
        self, grouping: str = "part", quantities: Sequence[str] = ("macs",)
    ) -> str:
        """Totals of each group, a column a quantity; with its share, if it is only one.

        MACs have two columns where there is backward.
        """
        return table(*writing.layout(self, grouping, quantities))

    def __repr__(self) -> str:
        return self.table()

    def _repr_html_(self) -> str:
        return html(*writing.layout(self, "part", ("macs",)))
