"""What is known of one operation: PyTorch's counterpart, inputs, and how close.

::

    @listed("name", theirs)              # theirs(torch, ...): the same on its Tensors
    def _draw_name(draw: Draw) -> Sample: # inputs that break symmetry, and options

Maps are channels-last on both sides: ``theirs`` turns them and back. PyTorch is handed
in, so that the registry serves a machine that has none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from inspect import Parameter, signature
from random import Random
from typing import Any, NamedTuple

from minicvt import ops
from minicvt.verify.operations.samples import LAYOUTS, Draw, Sample


class Tolerance(NamedTuple):
    """Largest relative error in float64 against PyTorch, and why that large."""

    value: float
    why: str


EXACT = Tolerance(0.0, "Elements move or change sign: not a bit may differ.")
SUMS = Tolerance(
    1e-10,
    "Sums of some hundred terms round to 1e-15; a division by a small standard "
    "deviation may cost three digits more; a wrong rule is off by 1e-2.",
)


@dataclass(frozen=True)
class Entry:
    """One operation, its PyTorch counterpart, and inputs for both."""

    name: str
    theirs: Callable[..., Any]
    draw: Callable[[Draw], Sample]
    tolerance: Tolerance = SUMS
    corners: bool = False
    several: bool = False

    @property
    def ours(self) -> Callable[..., Any]:
        """The operation itself, or what puts its results into one."""
        run = ops.OPERATIONS[self.name]
        return stacked(run) if self.several else run

    def names(self, sample: Sample) -> tuple[str, ...]:
        """Return what the inputs of a call are called."""
        if sample.names:
            return sample.names
        parameters = list(signature(self.ours).parameters.values())
        if parameters[0].kind is Parameter.VAR_POSITIONAL:
            return tuple(
                f"{parameters[0].name}[{i}]" for i in range(len(sample.inputs))
            )
        return tuple(p.name for p in parameters[: len(sample.inputs)])

    def sample(self, random: Random) -> Sample:
        """Draw one call, its inputs in any layout."""
        sample = self.draw(Draw(random))
        return replace(sample, layout=random.choice(list(LAYOUTS)))

    def smooth_sample(self, random: Random) -> Sample:
        """Draw one call in float64, where the operation has a derivative."""
        sample = self.sample(random).cast("float64")
        return sample.apart() if self.corners else sample

    def call(self, sample: Sample) -> Callable[..., Any]:
        """Return the call as a function of the inputs that are not left out."""
        present = [i for i, x in enumerate(sample.inputs) if x is not None]

        def called(*given: Any) -> Any:
            inputs: list[Any] = [None] * len(sample.inputs)
            for i, x in zip(present, given, strict=True):
                inputs[i] = x
            return self.ours(*inputs, **sample.options)

        called.__name__ = self.name
        return called


def stacked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what lays results one behind the other, along a new first axis.

    A cotangent of that is one for each of them.
    """

    @wraps(function)
    def run(*inputs: Any, **options: Any) -> Any:
        results = function(*inputs, **options)
        rows = [result.reshape(1, *result.shape) for result in results]
        return ops.concatenate(*rows, axis=0)

    return run


OPERATIONS: dict[str, Entry] = {}


def listed(
    name: str,
    theirs: Callable[..., Any],
    tolerance: Tolerance = SUMS,
    corners: bool = False,
    several: bool = False,
) -> Callable[..., Any]:
    """Enter an operation with the function that draws its inputs.

    ``corners`` says that it draws ties, which is where the operation has corners;
    ``several`` that it has more than one result to differentiate. ``theirs`` stacks
    them.
    """

    def enter(draw: Callable[[Draw], Sample]) -> Callable[[Draw], Sample]:
        assert name not in OPERATIONS, f"{name} is listed twice"
        OPERATIONS[name] = Entry(name, theirs, draw, tolerance, corners, several)
        return draw

    return enter
