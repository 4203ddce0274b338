"""Derivatives along a direction, without any rule: by differences, or exactly.

Central differences are off by a power series in h^2, and by rounding, which grows as
1/h. Richardson: from two steps the h^2 term can be taken out, from three h^4, and so
on. Ridders (1982): halve the step, extrapolate after each halving, and keep the value
whose neighbours in the table agree best. So there is no step to choose, a function with
a corner or a jump betrays itself (nothing agrees), and what is kept is good to ten or
more digits, where one central difference has six to eight.

A complex step needs no difference at all: Im f(x + i h v) / h with h = 1e-20 has an
error of h^2 and nothing to cancel (Squire and Trapp, 1998). But f must be analytic:
abs, max and comparisons of complex numbers are not what they are on the real line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from minicvt.kernels.types import Array

FIRST = 1 / 64
"""Largest step, relative to the input: few functions bend within it, few round."""
HALVINGS = 20
DIGITS = 1e-11
"""Relative agreement at which there is no need to go on."""
SOME = 1e-6
"""Relative agreement after which disagreement is due to rounding."""
TINY = 1e-20


class Slope(NamedTuple):
    """A derivative, and by how much its two best estimates disagree."""

    value: float
    uncertainty: float


def ridders(
    difference: Callable[[float], float], step: float, scale: float = 0.0
) -> Slope:
    """Extrapolate ``difference(h)`` = (g(h) - g(-h)) / 2h to h = 0.

    Row n of the table has n + 1 values: the difference at step / 2^n, then that with
    the terms h^2, h^4, ... taken out one after another. How well two agree is relative
    to the value, or to ``scale`` where the value is less.
    """
    above = [difference(step)]
    best = Slope(above[0], np.inf)
    for _ in range(HALVINGS):
        step /= 2
        row = _extrapolated(difference(step), above)
        for i in range(1, len(row)):
            apart = max(abs(row[i] - row[i - 1]), abs(row[i] - above[i - 1]))
            if apart <= best.uncertainty:
                best = Slope(row[i], apart)
        size = max(abs(best.value), scale)
        if best.uncertainty <= DIGITS * size:
            break
        agreed = best.uncertainty <= SOME * size
        if not abs(row[-1] - above[-1]) <= 4 * best.uncertainty:
            if agreed:  # and now rounding takes over
                break
            row = row[:1]  # a corner, or the end of the domain, lay within the step
        above = row
    return best


def _extrapolated(finest: float, above: list[float]) -> list[float]:
    row = [finest]
    for order, coarse in enumerate(above, start=1):
        row.append(row[-1] + (row[-1] - coarse) / (4**order - 1))
    return row


def by_differences(
    f: Callable[[Array], Array],
    x: Array,
    direction: Array,
    cotangent: Array,
    scale: float = 0.0,
) -> Slope:
    """Differentiate <cotangent, f> at x along ``direction``."""
    reach = np.abs(direction).max(initial=0)
    step = FIRST * max(float(np.sqrt(np.mean(x * x))), 1e-3) / reach if reach else 0.0
    if not step:
        return Slope(0.0, 0.0)

    def difference(h: float) -> float:
        with np.errstate(all="ignore"):
            rise = f(x + h * direction) - f(x - h * direction)  # before it is summed
        return float((cotangent * rise).sum()) / (2 * h)

    return ridders(difference, step, scale)


def by_complex_step(
    f: Callable[[Array], Array],
    x: Array,
    direction: Array,
    cotangent: Array,
    scale: float = 0.0,
) -> Slope:
    """Return the same of an analytic f that takes complex arrays, exact to rounding."""
    value = f(x + 1j * TINY * direction)
    slope = float((cotangent * np.imag(value)).sum()) / TINY
    return Slope(slope, abs(slope) * float(np.finfo(float).eps))
