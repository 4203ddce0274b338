"""Where to look: random directions, every entry, and from a direction to an entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from minicvt.kernels.types import Array


class Compared(NamedTuple):
    """A derivative along some direction, as backward has it and as it should be."""

    got: float
    expected: float
    uncertainty: float = 0.0


Compare = Callable[[Array], Compared]


def direction(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw a direction: entries differ in size, and none is nearly 0."""
    return rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape)


def entries(shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    """Yield each entry's index, as "[0, 2]", and the direction that is it alone."""
    for index in np.ndindex(shape):
        unit = np.zeros(shape)
        unit[index] = 1.0
        yield str(list(index)), unit


def narrow(compare: Compare, along: Array) -> tuple[str, Compared]:
    """Halve a direction on which the two differ until one entry is left.

    What they differ by is linear in the direction, so that one half or the other has
    at least half of it: log2(n) steps find an entry that is wrong.
    """
    places = np.flatnonzero(along)
    while len(places) > 1:
        halves = np.array_split(places, 2)
        differ = [compare(_only(along, half)) for half in halves]
        places = halves[int(_apart(differ[1]) > _apart(differ[0]))]
    index = [int(i) for i in np.unravel_index(places[0], along.shape)]
    unit = np.zeros(along.shape)
    unit.flat[places[0]] = 1.0
    return str(index), compare(unit)


def _only(along: Array, places: Array) -> Array:
    part = np.zeros(along.shape)
    part.flat[places] = along.flat[places]
    return part


def _apart(compared: Compared) -> float:
    return float(np.nan_to_num(abs(compared.got - compared.expected), nan=np.inf))
