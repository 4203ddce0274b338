"""gradcheck: what backward says beside what the function itself does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from minicvt.errors import GraphError, OptionError, unknown
from minicvt.kernels.types import Array
from minicvt.nn import Module
from minicvt.verify.gradients.called import Called, OnArrays, OnModule, OnTensors
from minicvt.verify.gradients.differences import Slope, by_complex_step, by_differences
from minicvt.verify.gradients.input import Input
from minicvt.verify.gradients.probing import direction
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
    answers otherwise when it is called again, ``OptionError`` for what checks nothing.
    """
    if method not in METHODS:
        raise unknown("method", method, METHODS)
    if method == "complex step" and gradient is None:
        raise OptionError("the complex step takes NumPy functions: give gradient=")
    if not inputs or directions < 1:
        given = f"{len(inputs)} inputs and {directions} directions"
        raise OptionError(f"gradcheck: nothing to check, got {given}")
    called = _called(f, inputs, gradient)
    called.names = _names(names, called)
    rng, probes = np.random.default_rng(seed), list[Probe]()
    for number in range(1, 2 if full else directions + 1):
        for one in _drawn(called, METHODS[method], rng):
            along = direction(rng, one.x.shape)
            probes += one.every() if full else one.along(along, number, tolerance)
    name = f"gradcheck of {getattr(f, '__name__', type(f).__name__)}"
    return reported(name, probes, tolerance, method)


def _drawn(
    called: Called, derivative: Callable[..., Slope], rng: np.random.Generator
) -> Iterator[Input]:
    """Draw a cotangent, run backward, and yield each input with its gradient."""
    output = _repeatable(called)
    cotangent = np.asarray(rng.normal(0.2, 1, output.shape))
    for position, gradient in enumerate(called.gradients(called.inputs, cotangent)):
        yield Input(called, position, derivative, gradient, cotangent, output)


def _called(
    f: Callable[..., Any], inputs: Any, gradient: Callable[..., Any] | None
) -> Called:
    if gradient is not None:
        return OnArrays(f, inputs, gradient)
    return OnModule(f, inputs) if isinstance(f, Module) else OnTensors(f, inputs)


def _names(names: Sequence[str] | None, called: Called) -> list[str]:
    """Return what inputs are called; raise ``OptionError`` for another number."""
    if names is not None and len(names) != len(called.names):
        expected = f"{len(called.names)} names"
        raise OptionError(f"gradcheck: expected {expected}, got {len(names)}")
    return list(names or called.names)


def _repeatable(called: Called) -> Array:
    """Return the output; raise ``GraphError`` if a second call has another."""
    first, again = (called.value(called.inputs) for _ in range(2))
    if not np.array_equal(first, again, equal_nan=True):
        raise GraphError(
            "gradcheck: two calls with the same inputs gave different outputs, so "
            "there is nothing to differentiate; dropout draws anew, try eval()"
        )
    return first
