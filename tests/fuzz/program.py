"""A small graph as a list of operations, which any library can run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from minicvt import Tensor
from minicvt.blank import Blank
from minicvt.verify.operations import OPERATIONS, Draw


class Step(NamedTuple):
    """One operation, and which results before it go in; or a leaf."""

    name: str
    sources: tuple[int, ...] = ()
    options: Mapping[str, Any] = MappingProxyType({})

    def __str__(self) -> str:
        written = [f"%{i}" for i in self.sources]
        written += [f"{key}={told(value)}" for key, value in self.options.items()]
        return f"{self.name}({', '.join(written)})"


def told(value: Any) -> str:
    """Write an option on one line, of an array its shape."""
    shape = isinstance(value, np.ndarray) and value.size > 9
    return f"array{value.shape}" if shape else str(value)


class Program(NamedTuple):
    """Steps in order, and what structures they make."""

    steps: tuple[Step, ...]
    structures: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(f"%{i} = {step}" for i, step in enumerate(self.steps))


def run(library: Callable[[str], Callable[..., Any]], *leaves: Any, program: Program):
    """Run the steps with the functions that ``library`` has by our names."""
    waiting: Iterator[Any] = iter(leaves)
    values: list[Any] = []
    for step in program.steps:
        sources = [values[i] for i in step.sources]
        values.append(
            result(library(step.name)(*sources, **step.options))
            if step.sources
            else next(waiting)
        )
    return values[-1]


def result(output: Any) -> Any:
    """Leave out what follows an output: the statistics of a BatchNorm."""
    return output[0] if isinstance(output, tuple) else output


def ours(*leaves: Any, program: Program) -> Any:
    """Run it with our operations."""
    return run(ours_by_name, *leaves, program=program)


def ours_by_name(name: str) -> Callable[..., Any]:
    """Return an operation, as the registry has it."""
    return OPERATIONS[name].ours


def theirs(torch: Any, *leaves: Any, program: Program) -> Any:
    """Run it with PyTorch's counterparts."""
    return run(
        lambda name: partial(OPERATIONS[name].theirs, torch), *leaves, program=program
    )


class Builder:
    """Writes a program down while it is drawn; blank tensors know the shapes.

    A value is known by the number of the step that makes it.
    """

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.leaves: list[Any] = []
        self.steps: list[Step] = []
        self.blanks: list[Tensor] = []

    def shape(self, value: int) -> tuple[int, ...]:
        """Return the shape of a value."""
        return self.blanks[value].shape

    def leaf(self, *shape: int, center: float = 0.2, scale: float = 0.5) -> int:
        """Draw a leaf, normal around ``center``."""
        self.leaves.append(self.draw.rng.normal(center, scale, shape))
        return self._noted(Step("leaf"), Tensor(Blank(shape, "float64")))

    def call(self, name: str, *sources: int, **options: Any) -> int:
        """Apply an operation."""
        blanks = [self.blanks[i] for i in sources]
        output = result(ours_by_name(name)(*blanks, **options))
        return self._noted(Step(name, sources, options), output)

    def _noted(self, step: Step, blank: Tensor) -> int:
        self.steps.append(step)
        self.blanks.append(blank)
        return len(self.steps) - 1
