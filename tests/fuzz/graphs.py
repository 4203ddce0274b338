"""Random small graphs: residuals, fan-out, splits and joins, two to eight deep.

Single operations may all be right and a graph still wrong, where a value is used more
than once: its cotangents must all have arrived before it passes them on.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from minicvt.verify.layers import Function
from minicvt.verify.operations import Draw, Sample, Tolerance
from tests.fuzz import program
from tests.fuzz.program import Builder, Program
from tests.fuzz.units import POINTWISE, UNITS

DEPTHS = tuple(range(2, 9))


def chain(b: Builder, before: list[int]) -> int:
    """f(x)."""
    return b.draw.one_of(*UNITS)(b, before[-1])


def residual(b: Builder, before: list[int]) -> int:
    """f(x) + a value before it, one step or many; f may hold a residual of its own.

    What something is taken away from is scaled: x - (x - y) may leave nothing.
    """
    inner = b.draw.one_of(chain, residual) if len(before) < 3 else chain
    skipped, y = b.draw.one_of(*before), inner(b, before)
    if b.draw.one_of(True, False):
        return b.call("add", skipped, y)
    row = b.leaf(b.shape(skipped)[-1])
    return b.call("subtract", b.call("multiply", skipped, row), y)


def fan_out(b: Builder, before: list[int]) -> int:
    """f(x) gated by g(x), and x itself once more: three cotangents come back to x."""
    f, g = chain(b, before), b.call("sigmoid", chain(b, before))
    return b.call("add", b.call("multiply", f, g), before[-1])


def split(b: Builder, before: list[int]) -> int:
    """Tokens or channels in two, each through something of its own, and joined."""
    x, axis = before[-1], b.draw.one_of(1, 2)
    cut = b.draw.size(1, b.shape(x)[axis] - 1)
    parts = [
        b.call("getitem", x, index=(*[slice(None)] * axis, part))
        for part in (slice(cut), slice(cut, None))
    ]
    parts[0] = b.draw.one_of(*POINTWISE)(b, parts[0])
    if b.draw.one_of(False, True):
        parts.reverse()
    return b.call("concatenate", *parts, axis=axis)


STRUCTURES: dict[str, Callable[[Builder, list[int]], int]] = {
    "residual": residual,
    "fan-out": fan_out,
    "split": split,
}


class GraphDraw(Draw):
    """Draws graphs of one depth that hold one structure at least once."""

    def __init__(self, random: Random, depth: int, structure: str) -> None:
        super().__init__(random)
        self.depth, self.structure = depth, structure

    def structures(self) -> tuple[str, ...]:
        """Draw what is done at each depth."""
        others = [self.one_of("chain", *STRUCTURES) for _ in range(self.depth - 1)]
        others.insert(self.size(0, len(others)), self.structure)
        return tuple(others)


def graph(draw: Any) -> Sample:
    """Draw a graph and its leaves."""
    b, structures = Builder(draw), draw.structures()
    values = [b.leaf(draw.size(1, 2), draw.one_of(4, 6, 8), draw.one_of(4, 6))]
    for name in structures:
        values.append((STRUCTURES | {"chain": chain})[name](b, values))
    b.call("reshape", values[-1], shape=(-1,))
    return Sample(tuple(b.leaves), {"program": Program(tuple(b.steps), structures)})


AMPLIFIED = Tolerance(
    1e-9,
    "Up to eight norms in a row may each make what the first rounded ten times larger.",
)
GRAPH = Function("graph", program.theirs, graph, AMPLIFIED, function=program.ours)
"""A graph as an entry of the registry has it: one function of its leaves."""
