"""The tape as a table: what ran, in order, from what, and what it keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from minicvt.blank import Blank
from minicvt.errors import GraphError
from minicvt.graph.drawing import draw
from minicvt.graph.kept import buffers, owner
from minicvt.node import tape_order
from minicvt.tables import table
from minicvt.tensor import Tensor

LEGEND = (
    "inputs: the row each came from; *(shape) a leaf that learns, (shape) a constant.\n"
    "kept: bytes the pullback holds until backward, each array at the first row that\n"
    "holds it; the leaves' own memory is not counted."
)
FREED = "kept is unknown: an earlier backward freed the pullbacks, or none were made."


@dataclass(frozen=True, slots=True)
class Source:
    """Where an input came from: a row, or (None) a leaf of this shape."""

    row: int | None
    shape: tuple[int, ...]
    learns: bool = False

    def __str__(self) -> str:
        if self.row is not None:
            return str(self.row)
        return f"*{self.shape}" if self.learns else f"{self.shape}"


@dataclass(frozen=True, slots=True)
class Row:
    """One recorded operation; ``kept`` is None where the graph was freed."""

    number: int
    operation: str
    path: str
    sources: tuple[Source, ...]
    shape: tuple[int, ...]
    macs: int
    kept: int | None


class Tape:
    """All operations a tensor was made by, in the order they ran.

    Prints as a table; a notebook shows it drawn. ``macs`` are those of the forward
    pass. ``kept`` is what the pullbacks need; the graph holds no other results.
    """

    def __init__(self, root: Tensor) -> None:
        # Reading is done at once: a later backward cannot change what is shown.
        made = [t for t in tape_order(root) if t.node is not None]
        made.sort(key=lambda t: t.node.number)  # type: ignore[union-attr]
        own = {id(leaf) for leaf in map(_memory, _leaves(made)) if leaf is not None}
        numbers = {id(tensor.node): row for row, tensor in enumerate(made)}
        kept = list(_kept(made, own))
        self.rows = [
            _row(tensor, row, numbers, bytes_)
            for row, (tensor, bytes_) in enumerate(zip(made, kept, strict=True))
        ]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, number: int) -> Row:
        return self.rows[number]

    @property
    def macs(self) -> int:
        """Multiply-adds of all rows."""
        return sum(row.macs for row in self.rows)

    @property
    def kept(self) -> int | None:
        """Bytes all pullbacks hold, None if any was freed."""
        if any(row.kept is None for row in self.rows):
            return None
        return sum(row.kept or 0 for row in self.rows)

    def __str__(self) -> str:
        headers = ("", "operation", "module", "inputs", "output", "MACs", "kept")
        body = [_cells(row) for row in self.rows]
        total = ("", "total", "", "", "", self.macs, _known(self.kept))
        freed = [FREED] if self.kept is None else []
        return "\n".join([table(headers, [*body, total]), "", LEGEND, *freed])

    __repr__ = __str__

    def _repr_svg_(self) -> str:
        return draw(self.rows)


def tape(root: Tensor) -> Tape:
    """Read the graph that ``root``, say a loss, was made by.

    Raises ``GraphError`` if no operation was recorded.
    """
    if not isinstance(root, Tensor) or root.node is None:
        leaf = isinstance(root, Tensor)
        found = f"a leaf of shape {root.shape}" if leaf else type(root).__name__
        raise GraphError(f"tape: expected a Tensor made by operations, got {found}")
    return Tape(root)


def _leaves(made: Iterable[Tensor]) -> Iterator[Tensor]:
    """Inputs that learn and that no operation made."""
    for tensor in made:
        for _, source in tensor.node.differentiable():  # type: ignore[union-attr]
            if source.node is None:
                yield source


def _memory(tensor: Tensor) -> Any:
    return None if isinstance(tensor.data, Blank) else owner(tensor.data)


def _kept(made: Iterable[Tensor], own: set[int]) -> Iterator[int | None]:
    """Bytes each node adds to what those before it hold."""
    counted = set(own)
    for tensor in made:
        pullback = tensor.node.pullback  # type: ignore[union-attr]
        if pullback is None:
            yield None
            continue
        new = {k: size for k, size in buffers(pullback).items() if k not in counted}
        counted |= new.keys()
        yield sum(new.values())


def _row(tensor: Tensor, row: int, numbers: dict[int, int], kept: int | None) -> Row:
    node: Any = tensor.node
    sources = tuple(
        Source(numbers.get(id(source.node)), source.shape, source.requires_grad)
        for source in node.inputs
        if source is not None
    )
    path = node.path
    return Row(row, node.name, path, sources, tensor.shape, node.spec.macs, kept)


def _cells(row: Row) -> tuple[Any, ...]:
    inputs = ", ".join(map(str, row.sources))
    return (
        *(row.number, row.operation, row.path, inputs, str(row.shape)),
        *(row.macs, _known(row.kept)),
    )


def _known(number: int | None) -> Any:
    return "-" if number is None else number
