"""A layer as an operation: a function of its inputs and of its parameters.

::

    @layer("Linear", Linear, reference)     # reference(own: Peer, x, ...): PyTorch's
    def _draw_linear(draw: Draw) -> Sample: # inputs, then parameters, none special
        return of(draw, Linear, {"in_features": 3, ...}, draw.normal(2, 3))

So a layer is checked as an operation is, with a gradient for each parameter. What
BatchNorm will remember of the batch follows the output, as further outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from minicvt.verify.layers.applying import Make, applied, peered
from minicvt.verify.operations.entry import SUMS, Entry, Tolerance
from minicvt.verify.operations.samples import Draw, Sample


@dataclass(frozen=True, kw_only=True)
class Layer(Entry):
    """One layer: how it is made from options, and PyTorch's counterpart."""

    make: Make

    @property
    def ours(self) -> Callable[..., Any]:
        """The layer, called with its inputs and then its parameters."""
        return partial(applied, self.make)


@dataclass(frozen=True, kw_only=True)
class Function(Entry):
    """A function made of operations, as layers are, without parameters."""

    function: Callable[..., Any]

    @property
    def ours(self) -> Callable[..., Any]:
        """The function itself."""
        return self.function


LAYERS: dict[str, Entry] = {}


def layer(
    name: str, make: Make, reference: Callable[..., Any], tolerance: Tolerance = SUMS
) -> Callable[..., Any]:
    """Enter a layer with the function that draws its inputs and parameters."""

    def enter(draw: Callable[[Draw], Sample]) -> Callable[[Draw], Sample]:
        theirs = partial(peered, make, reference)
        return _entered(Layer(name, theirs, draw, tolerance, make=make))

    return enter


def function(
    ours: Callable[..., Any], theirs: Callable[..., Any], name: str = ""
) -> Callable[..., Any]:
    """Enter a function as an operation is entered."""

    def enter(draw: Callable[[Draw], Sample]) -> Callable[[Draw], Sample]:
        called = name or ours.__name__
        return _entered(Function(called, theirs, draw, function=ours))

    return enter


def _entered(entry: Entry) -> Callable[[Draw], Sample]:
    assert entry.name not in LAYERS, f"{entry.name} is listed twice"
    LAYERS[entry.name] = entry
    return entry.draw
