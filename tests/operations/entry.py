"""What is known of one operation: PyTorch's counterpart, inputs, and how close.

::

    @listed("name", theirs)              # theirs: same signature, on torch Tensors
    def draw_name(draw: Draw) -> Sample: # inputs that break symmetry, and options

Maps are channels-last on both sides: ``theirs`` turns them and back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from minicvt import ops
from tests.operations.samples import LAYOUTS, Draw, Sample

TOLERANCE = 1e-10
"""Relative, float64. Sums of some hundred terms round to 1e-15; a division by a small
standard deviation may cost three digits more; a wrong rule is off by 1e-2."""


@dataclass(frozen=True)
class Entry:
    """One operation, its PyTorch counterpart, and inputs for both."""

    name: str
    theirs: Callable[..., Any]
    draw: Callable[[Draw], Sample]
    tolerance: float = TOLERANCE

    @property
    def ours(self) -> Callable[..., Any]:
        """The operation itself."""
        return ops.OPERATIONS[self.name]

    def sample(self, random: Random) -> Sample:
        """Draw one call, its inputs in any layout."""
        sample = self.draw(Draw(random))
        return replace(sample, layout=random.choice(list(LAYOUTS)))


LISTED: dict[str, Entry] = {}


def listed(name: str, theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Enter an operation with the function that draws its inputs."""

    def enter(draw: Callable[[Draw], Sample]) -> Callable[[Draw], Sample]:
        assert name not in LISTED, f"{name} is listed twice"
        LISTED[name] = Entry(name, theirs, draw)
        return draw

    return enter
