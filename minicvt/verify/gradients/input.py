"""One input of a function: its derivatives, by backward and by the function itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minicvt.kernels.types import Array
from minicvt.verify.gradients.called import Called
from minicvt.verify.gradients.differences import Slope
from minicvt.verify.gradients.probing import Compared, entries, narrow
from minicvt.verify.gradients.report import Probe

FLOOR = 1e-4
"""Of the rise <|c|, |f|> / |x|: a smaller gradient is held to this instead. Rounding
leaves differences 1e-12 of it or so, so that what is zero has no relative error."""


class Input:
    """One input, the others held: its gradient, and its derivatives."""

    def __init__(
        self,
        called: Called,
        position: int,
        derivative: Callable[..., Slope],
        gradient: Array,
        cotangent: Array,
        output: Array,
    ) -> None:
        self.called, self.position, self.derivative = called, position, derivative
        self.name, self.x = called.names[position], called.inputs[position]
        self.gradient, self.cotangent = gradient, cotangent
        rise = float(np.abs(cotangent * output).sum())
        self.floor = FLOOR * rise / max(float(np.abs(self.x).max(initial=0)), 1e-3)

    def value(self, x: Array) -> Array:
        """Return the output with another value of this input."""
        inputs = list(self.called.inputs)
        inputs[self.position] = x
        return self.called.value(inputs)

    def compare(self, along: Array) -> Compared:
        """Differentiate along a direction both ways."""
        given = (self.value, self.x, along, self.cotangent, self.floor)
        slope = self.derivative(*given)
        got = float((self.gradient * along).sum())
        return Compared(got, slope.value, slope.uncertainty)

    def along(self, along: Array, number: int, tolerance: float) -> list[Probe]:
        """Probe one direction, and if it is wrong the entry that makes it so."""
        if not self.x.size:
            return []
        found = self.compare(along)
        scale = float(np.linalg.norm(self.gradient) * np.linalg.norm(along))
        probe = self.probe(f"direction {number}", found, scale)
        if probe.error <= tolerance:
            return [probe]
        where, entry = narrow(self.compare, along)
        largest = float(np.abs(self.gradient).max())
        return [probe, self.probe(where, entry, largest)]

    def every(self) -> list[Probe]:
        """Probe each entry."""
        found = [(where, self.compare(unit)) for where, unit in entries(self.x.shape)]
        largest = max((abs(c.expected) for _, c in found), default=0.0)
        return [self.probe(where, compared, largest) for where, compared in found]

    def probe(self, along: str, found: Compared, scale: float) -> Probe:
        """Make errors relative, to no less than differences can resolve."""
        scale = max(scale, abs(found.expected), self.floor)
        apart = abs(found.got - found.expected)
        error, unsure = (x / scale if x else 0.0 for x in (apart, found.uncertainty))
        return Probe(self.name, along, found.got, found.expected, error, unsure)
