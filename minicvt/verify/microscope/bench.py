"""Our model beside what another one made of the same input: who is suspected."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from minicvt.kernels.types import Array
from minicvt.verify.microscope.parting import Step, apart, fit, steps
from minicvt.verify.microscope.recording import (
    ANSWER,
    Recording,
    module_path,
    record,
)
from minicvt.verify.microscope.twin import twin


class Bench:
    """A comparison that can be experimented on.

    What the two make before they part proves the modules that made it; the cause is in
    a module that is not proven. It is looked for from the smallest part around the
    first difference outwards (``scopes``), up to the whole model.
    """

    def __init__(
        self, model: Any, x: Any, theirs: Mapping[str, Array], tolerance: float
    ) -> None:
        self.model, self.x, self.theirs, self.tolerance = model, x, theirs, tolerance
        self.modules = dict(model.named_modules())
        self.ours = record(twin(model), x)
        owners = {name.rpartition(".")[0] for name, _ in model.named_parameters()}
        self.steps = list(steps(self.ours, theirs, owners))
        self.first = next((s for s in self.steps if s.relative > tolerance), None)

    @cached_property
    def agreed(self) -> list[Step]:
        """Results on which both agree before they part."""
        return self.steps[: self.steps.index(self.first)] if self.first else self.steps

    @cached_property
    def order(self) -> dict[str, int]:
        """When each module of ours returned, the first time."""
        order: dict[str, int] = {}
        for i, point in enumerate(self.ours.points):
            order.setdefault(module_path(point), i)
        return order

    @property
    def reach(self) -> float:
        """How many results of ours come before the one that parts, or infinity."""
        if self.first is None:
            return float("inf")
        return list(self.ours.points).index(self.first.path)

    @cached_property
    def scopes(self) -> list[str]:
        """The module whose result parts first, and those around it."""
        assert self.first is not None
        path = module_path(self.first.path)
        return [p for p in (*prefixes(path)[::-1], ANSWER) if p in self.ours.calls]

    @cached_property
    def suspects(self) -> list[str]:
        """Modules that ran and are not proven, themselves or by what they are in."""
        proven = {module_path(step.path) for step in self.agreed}
        return [
            path
            for path in self.modules
            if path in self.order and proven.isdisjoint(prefixes(path))
        ]

    def error(self, made: Recording, path: str) -> float:
        """How far a result in ``made`` is from theirs; infinite if it is not there."""
        ours = made.points.get(path)
        theirs = None if ours is None else fit(self.theirs[path], ours.shape)
        if ours is None or theirs is None:
            return float("inf")
        return apart(theirs, ours)[1]


def prefixes(path: str) -> list[str]:
    """A path and all it is in, the outermost first: "a.b" gives "a" and "a.b"."""
    parts = path.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
