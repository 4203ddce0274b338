"""adjoint_check: of a linear map the pullback is the transpose, exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minicvt.errors import OptionError
from minicvt.kernels.types import Array
from minicvt.verify.gradients.called import OnTensors
from minicvt.verify.gradients.probing import Compared, direction, narrow
from minicvt.verify.gradients.report import Probe, Report, reported

TOLERANCE = 1e-12
"""Relative to the products that are summed: nothing is approximated, only rounded."""


def adjoint_check(
    f: Callable[..., Any],
    *inputs: Any,
    trials: int = 3,
    tolerance: float = TOLERANCE,
    seed: int = 0,
) -> Report:
    """Check <A x, y> = <x, A' y> for a linear ``f``, without differences.

    A' is what backward computes. ``inputs`` are float64 arrays, Tensors, or shapes, of
    which arrays are drawn. With several, f must be linear in each: a convolution is,
    in x and in its weight, with a bias it is not. x and y are drawn ``trials`` times,
    and A' is taken at another point than x, since the pullback of a linear map is the
    same everywhere: that of a square or a maximum is not.

    Returns a :class:`~minicvt.verify.gradients.report.Report`, as ``gradcheck`` does.
    """
    if not inputs or trials < 1:
        none = f"{len(inputs)} inputs and {trials} trials"
        raise OptionError(f"adjoint_check: nothing to check, got {none}")
    rng = np.random.default_rng(seed)
    given = [rng.normal(0.2, 1, x) if _is_shape(x) else x for x in inputs]
    called = OnTensors(f, given)
    probes: list[Probe] = []
    for trial in range(trials):
        y = np.asarray(rng.normal(0.2, 1, called.value(called.inputs).shape))
        transposed = called.gradients(called.inputs, y)
        for position in range(len(given)):
            seen = _Map(called, position, y, transposed[position])
            along = direction(rng, seen.transposed.shape)
            probes += seen.probes(along, trial + 1, tolerance)
    name = f"adjoint_check of {getattr(f, '__name__', type(f).__name__)}"
    return reported(name, probes, tolerance, "<A x, y>")


def _is_shape(x: Any) -> bool:
    return isinstance(x, tuple) and all(isinstance(n, int) for n in x)


class _Map:
    """A linear map of one input, the others held, and A' y."""

    def __init__(
        self, called: OnTensors, position: int, y: Array, transposed: Array
    ) -> None:
        self.called, self.position = called, position
        self.y, self.transposed = y, transposed

    def applied(self, x: Array) -> Array:
        """Return A x."""
        inputs = list(self.called.inputs)
        inputs[self.position] = x
        return self.called.value(inputs)

    def compare(self, x: Array) -> Compared:
        """Return <x, A' y> and <A x, y>."""
        got = float((x * self.transposed).sum())
        return Compared(got, float((self.applied(x) * self.y).sum()))

    def probes(self, x: Array, trial: int, tolerance: float) -> list[Probe]:
        """Probe one x; if the sides differ, find an entry that makes them."""
        if not x.size:
            return []
        name = self.called.names[self.position]
        products = np.abs(self.applied(x) * self.y).sum()
        scale = max(float(products), float(np.abs(x * self.transposed).sum()))
        found = [(f"x {trial}", self.compare(x))]
        if abs(found[0][1].got - found[0][1].expected) > tolerance * scale:
            found.append(narrow(self.compare, x))
        return [
            Probe(name, along, got, expected, _relative(got - expected, scale))
            for along, (got, expected, _) in found
        ]


def _relative(apart: float, scale: float) -> float:
    return abs(apart) / scale if apart else 0.0
