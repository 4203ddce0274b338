"""An answer in a few numbers, such that two answers that differ have others.

Up to ``WHOLE`` values are kept as they are. Of more, the norm is and ``PROJECTIONS``
random projections: an error e shows in each as <r, e>, which is of the size of e, and
not nearly 0 but by a rare chance.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from minicvt.kernels.types import Array

WHOLE = 12
PROJECTIONS = 2
FLOOR = 1e-4
"""Of the largest gradient of a call: what a smaller one is held to. Some are zero
whatever the values, and rounding is all that is left of them."""


def summary(answer: Array) -> Array:
    """Return at most ``WHOLE`` numbers for an array."""
    values = np.asarray(answer, np.float64).reshape(-1)
    if values.size <= WHOLE:
        return values
    rng = np.random.default_rng(values.size)
    directions = 2 * np.sqrt(3) * (rng.random((PROJECTIONS, values.size)) - 0.5)
    norm = np.sqrt((values * values).sum())
    return np.array([norm, *(directions * values).sum(axis=1)])


def scale(kept: Array, size: int) -> float:
    """Return what errors of a summary are relative to: the largest value, or norm."""
    return float(np.abs(kept if size <= WHOLE else kept[:1]).max(initial=0))


def summaries(answers: Mapping[str, Array]) -> dict[str, Array]:
    """Return a summary for each answer."""
    return {name: summary(answer) for name, answer in answers.items()}


def packed(parts: Mapping[str, Array]) -> Array:
    """Return summaries as one row of numbers."""
    return np.concatenate(list(parts.values()))


def errors(
    answers: Mapping[str, Array], kept: Array, zero: Collection[int] = ()
) -> Iterator[tuple[str, float]]:
    """Yield each answer's name and relative error; all infinite if lengths differ.

    Gradients by the inputs ``zero``, which vanish whatever the values, are nothing but
    rounding: theirs is relative to the largest gradient of the call.
    """
    parts = summaries(answers)
    ends = np.cumsum([part.size for part in parts.values()])
    if kept.size != ends[-1]:
        yield from ((name, float("inf")) for name in parts)
        return
    stored = dict(zip(parts, np.split(kept, ends[:-1]), strict=True))
    scales = {name: scale(stored[name], answers[name].size) for name in parts}
    gradients = [size for name, size in scales.items() if name.startswith("gradient")]
    largest = max(gradients, default=0.0)
    floors = {f"gradient {i}": largest for i in zero}
    for name, part in parts.items():
        least = FLOOR * largest if name.startswith("gradient") else 0.0
        least = floors.get(name, least)
        apart = float(np.abs(part - stored[name]).max(initial=0))
        relative = apart / max(scales[name], least) if apart else 0.0
        yield name, float(np.nan_to_num(relative, nan=np.inf))
