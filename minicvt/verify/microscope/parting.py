"""Where two recordings part, and by how much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from minicvt.kernels.types import Array
from minicvt.verify.microscope.recording import ANSWER, Recording, module_path

TOLERANCES = {"float64": 1e-11, "float32": 1e-5}
"""Relative errors up to which two results are one: rounding, over a whole model."""

FLOOR = 1e-4
"""Of the largest gradient: what smaller ones are relative to. Some are zero whatever
the values, and all that is left of those is rounding."""


def tolerance_of(arrays: Iterable[Any]) -> float:
    """Return the tolerance of the least precise of ``arrays``."""
    least = TOLERANCES["float32"]
    return max(TOLERANCES.get(str(array.dtype), least) for array in arrays)


class Step(NamedTuple):
    """One result in both recordings: the largest difference, and over max|ours|."""

    path: str
    difference: float
    relative: float


def steps(ours: Recording, theirs: Mapping[str, Array], owners: Any) -> Iterator[Step]:
    """Compare what is in both, in our order.

    Where the shapes do not fit, a module that has parameters of its own (one of
    ``owners``), and the answer, part for certain; results of others, which only hold
    modules, may be another cut of the same thing and are left out.
    """
    for path, array in ours.points.items():
        if path not in theirs:
            continue
        fitted = fit(theirs[path], array.shape)
        if fitted is not None:
            yield Step(path, *apart(fitted, array))
        elif path == ANSWER or module_path(path) in owners:
            yield Step(path, float("inf"), float("inf"))


def fit(theirs: Array, shape: tuple[int, ...]) -> Array | None:
    """See a map as tokens, or tokens as a map; None where neither has this shape."""
    same = theirs.ndim and len(shape) and theirs.size == np.prod(shape, dtype=int)
    if not same or (theirs.shape[0], theirs.shape[-1]) != (shape[0], shape[-1]):
        return theirs if theirs.shape == shape else None
    return theirs.reshape(shape)


def apart(theirs: Array, ours: Array, floor: float = 0.0) -> tuple[float, float]:
    """Return max|theirs - ours|, and that over max|ours|, which is at least ``floor``.

    Both are infinite where one is not finite.
    """
    if theirs.shape != ours.shape:
        return float("inf"), float("inf")
    if not (np.isfinite(theirs).all() and np.isfinite(ours).all()):
        return float("inf"), float("inf")
    difference = float(np.abs(theirs - ours).max(initial=0))
    scale = max(float(np.abs(ours).max(initial=0)), floor)
    if not difference:
        return 0.0, 0.0
    return difference, difference / scale if scale else float("inf")


def compared(ours: Mapping[str, Array], theirs: Mapping[str, Array]) -> Iterator[Step]:
    """Compare gradients that are in both, in our order."""
    floor = FLOOR * max(float(np.abs(g).max(initial=0)) for g in ours.values())
    for name, gradient in ours.items():
        if name in theirs:
            yield Step(name, *apart(theirs[name], gradient, floor))
