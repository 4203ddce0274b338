"""One case of the fuzz: drawn from its own name and a seed, and measured."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from minicvt.verify.operations import Sample
from tests.fuzz.cells import ENTRIES, GRID, Cell, cells, lies_in
from tests.fuzz.drawing import drawn
from tests.oracle import float32_units, float64_errors

SHARE = {"graph": 1e-3}
"""In a graph nobody knows which gradients vanish: what an error is relative to is at
least this share of the largest. A rounding error of that one is still 1e-13 of it."""


class Case(NamedTuple):
    """A cell of an operation's grid, and which of the calls in it."""

    name: str
    cell: Cell
    number: int

    def __str__(self) -> str:
        return f"{self.name}: {written(self.cell)} #{self.number}"


class Outcome(NamedTuple):
    """Relative float64 errors by answer, and float32 errors in units: ours, theirs."""

    errors: dict[str, float]
    units: dict[str, tuple[float, float]]


def written(cell: Cell) -> str:
    """Write a cell on one line."""
    return " ".join(f"{axis}={value}" for axis, value in cell.items())


def read(text: str) -> Case:
    """Read what a case is written as."""
    name, _, rest = text.partition(": ")
    place, _, number = rest.partition(" #")
    (cell,) = (cell for cell in cells(name) if written(cell) == place)
    return Case(name, cell, int(number))


def sample(case: Case, seed: int) -> Sample:
    """Draw the call of a case: the same for the same seed, on any machine."""
    call = drawn(case.name, case.cell, Random(f"{seed} {case}"))
    assert lies_in(call, case.cell), f"{case} was drawn outside of its cell"
    return call


def measure(case: Case, seed: int) -> Outcome:
    """Run a case in both libraries and both precisions, there and back."""
    entry, call, share = ENTRIES[case.name], sample(case, seed), SHARE.get(case.name, 0)
    return Outcome(
        float64_errors(entry, call, share), float32_units(entry, call, share)
    )


def every_case(each: int) -> Iterator[Case]:
    """List ``each`` cases of every cell of every operation."""
    for name in GRID:
        for cell in cells(name):
            for number in range(each):
                yield Case(name, cell, number)
