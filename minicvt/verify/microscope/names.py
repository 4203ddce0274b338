"""Which of their modules are which of ours, by the names of their tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from minicvt.errors import CheckpointError
from minicvt.interop.layout import Layout
from minicvt.interop.layouts import recognise
from minicvt.kernels.types import Array


@dataclass(frozen=True)
class Names:
    """Their layout, None if nobody knows it, and our paths by theirs.

    Only modules that have tensors of their own are known. One of theirs may be several
    of ours, whose rows they keep together.
    """

    layout: Layout | None
    modules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, tensors: Mapping[str, Array], paper: str) -> Names:
        """Read the names of ``tensors``: a layout should know half of them, or more."""
        try:
            layout = recognise(tensors, paper)
        except CheckpointError:
            return cls(None)
        if sum(map(layout.knows, tensors)) < len(tensors) / 2:
            return cls(None)
        leaves: dict[str, tuple[str, ...]] = {}
        for name, array in tensors.items():
            ours = dict.fromkeys(parent(n) for n in layout.to_ours({name: array}))
            leaves[parent(name)] = tuple(ours)
        return cls(layout, leaves)

    def to_ours(self, theirs: Mapping[str, Array]) -> dict[str, Array]:
        """Rename and lay out as ours; nothing of names that nobody knows."""
        return self.layout.to_ours(theirs) if self.layout else {}


def parent(path: str) -> str:
    """Path of the module that a tensor is in."""
    return path.rpartition(".")[0]
