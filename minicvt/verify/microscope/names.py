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

    One of their modules may be several of ours, whose rows they keep together.
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
        return cls(layout, containers(leaves) | leaves)

    def to_ours(self, theirs: Mapping[str, Array]) -> dict[str, Array]:
        """Rename and lay out as ours; nothing of names that nobody knows."""
        return self.layout.to_ours(theirs) if self.layout else {}


def parent(path: str) -> str:
    """Path of what a tensor or module is in."""
    return path.rpartition(".")[0]


def containers(leaves: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Match what holds modules: theirs is ours if both hold the same, and no more."""
    found: dict[str, tuple[str, ...]] = {}
    paths = {path for ours in leaves.values() for path in ours}
    for ours in sorted({up for path in paths for up in above(path)}):
        held = {theirs for theirs, its in leaves.items() if _inside(its, ours)}
        theirs = common(held)
        if theirs and held == {t for t in leaves if _inside((t,), theirs)}:
            found[theirs] = (ours,)
    return found


def above(path: str) -> list[str]:
    """Paths of all that a module is in, but the model."""
    parts = path.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


def _inside(paths: tuple[str, ...], outer: str) -> bool:
    return all(path == outer or path.startswith(f"{outer}.") for path in paths)


def common(paths: set[str]) -> str:
    """Longest dotted path that all begin with."""
    split = [path.split(".") for path in paths]
    shared = []
    for parts in zip(*split, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return ".".join(shared)
