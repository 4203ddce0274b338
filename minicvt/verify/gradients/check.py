"""gradcheck: what backward says beside what the function itself does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minicvt.errors import GraphError, unknown
from minicvt.kernels.types import Array
from minicvt.nn import Module
from minicvt.verify.gradients.called import Called, OnArrays, OnModule, OnTensors
from minicvt.verify.gradients.differences import Slope, by_complex_step, by_differences
from minicvt.verify.gradients.probing import Compared, direction, entries, narrow
from minicvt.verify.gradients.report import Probe, Report, reported

TOLERANCE = 1e-7
"""Relative. Differences with Richardson's extrapolation are good to 1e-10 and better,
so that a right gradient is far below, and one entry that is wrong by its own size stays
above among up to 1e14 others as large."""

METHODS = {"differences": by_differences, "complex step": by_complex_step}


def gradcheck(
    f: Callable[..., Any],
    *inputs: Any,
    gradient: Callable[..., Any] | None = None,
    directions: int = 3,
    full: bool = False,
    method: str = "differences",
    tolerance: float = TOLERANCE,
    seed: int = 0,
    names: Sequence[str] | None = None,
) -> Report:
    """Compare the gradients of ``f`` with derivatives taken without any rule.

    ``f`` maps Tensors to a Tensor (or to several, of which the first is checked). A
    ``Module`` is checked by its parameters too. With ``gradient``, ``f`` is a NumPy
    function, and ``gradient(cotangent, *inputs)`` answers one array for each input.
    ``inputs`` are float64 arrays or Tensors; ``names`` are what the report calls them
    instead of what ``f`` does.

    Each of ``directions`` draws a random cotangent c and, for each input, a random
    direction v; <c, f> is differentiated along v, and beside it stands <g, v> with
    backward's gradient g. Where they differ the direction is halved until the entry is
    found. ``full`` compares every entry of every input, for one cotangent.

    ``method`` is "differences" (central, extrapolated), or "complex step" for an
    analytic NumPy ``f``, which is exact. An error is |<g, v> - derivative| relative
    to |g| |v|, or in ``full`` to the largest entry of g.

    Returns a :class:`~minicvt.verify.gradients.report.Report`: ``print`` it, ask
    ``.ok``, or call ``.check()``, which raises ``WrongGradient``. Raises
    ``DtypeError`` for inputs that are not float64, ``GraphError`` for an ``f`` that
    answers otherwise when it is called again.
    """
    if method not in METHODS:
        raise unknown("method", method, METHODS)
    called = _called(f, inputs, gradient)
    called.names = list(names or called.names)
    rng = np.random.default_rng(seed)
    probes: list[Probe] = []
    output = _repeatable(called)
    for number in range(1 if full else directions):
        cotangent = np.asarray(rng.normal(0.2, 1, output.shape))
        gradients = called.gradients(called.inputs, cotangent)
        for position in range(len(called.inputs)):
            given = (gradients[position], cotangent, output)
            seen = _Input(called, position, method, *given)
            along = direction(rng, seen.x.shape)
            found = seen.every() if full else seen.along(along, number + 1, tolerance)
            probes += found
    name = f"gradcheck of {getattr(f, '__name__', type(f).__name__)}"
    return reported(name, probes, tolerance, method)


def _called(
    f: Callable[..., Any], inputs: Any, gradient: Callable[..., Any] | None
) -> Called:
    if gradient is not None:
        return OnArrays(f, inputs, gradient)
    return OnModule(f, inputs) if isinstance(f, Module) else OnTensors(f, inputs)


def _repeatable(called: Called) -> Array:
    """Return the output; raise ``GraphError`` if a second call has another."""
    first, again = (called.value(called.inputs) for _ in range(2))
    if not np.array_equal(first, again, equal_nan=True):
        raise GraphError(
            "gradcheck: two calls with the same inputs gave different outputs, so "
            "there is nothing to differentiate; dropout draws anew, try eval()"
        )
    return first


class _Input:
    """One input, the others held: its gradient, and its derivatives."""

    def __init__(
        self,
        called: Called,
        position: int,
        method: str,
        gradient: Array,
        cotangent: Array,
        output: Array,
    ) -> None:
        self.called, self.position = called, position
        self.name, self.x = called.names[position], called.inputs[position]
        self.gradient, self.cotangent = gradient, cotangent
        self.derivative = METHODS[method]
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
        slope: Slope = self.derivative(*given)
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


FLOOR = 1e-4
"""Of the rise <|c|, |f|> / |x|: a smaller gradient is held to this instead. Rounding
leaves differences 1e-12 of it or so, so that what is zero has no relative error."""
