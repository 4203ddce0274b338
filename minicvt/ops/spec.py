"""What an operation costs: said by its rule, from shapes and options, in integers.

Work is counted in units that are never added up. A multiply-add of a convolution, a
linear map or a product of attention is a MAC, and one MAC is two FLOPs. Everything
else has a unit of its own, since no two people agree how many FLOPs a softmax is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from minicvt.blank import Blank
from minicvt.errors import ShapeError

Shape: TypeAlias = tuple[int, ...]
Work: TypeAlias = Mapping[str, int]
Rule: TypeAlias = Callable[..., "Spec"]

UNITS = {
    "macs": "multiply-adds of convolutions, linear maps and matrix products",
    "additions": "sums and differences: biases, residuals, elements of a sum or mean",
    "multiplications": "products, quotients and changes of sign that are no MACs",
    "comparisons": "elements from which the larger, or one of two, is taken",
    "normalised": "elements that a LayerNorm or BatchNorm puts out",
    "softmax": "elements that a softmax puts out",
    "activations": "values of GELU, SiLU, sigmoid, tanh or ReLU",
    "functions": "values of exp, log, a root, a power or an absolute value",
}
"""What is counted. Windows that hang over the border count in full, as everywhere."""

NOTHING: Work = MappingProxyType({})
"""No work: elements only move, or a cotangent is handed on as it is."""

OUTPUT = -1
"""Stands for the output where positions of inputs are listed."""


class Made(NamedTuple):
    """An array that a pullback keeps, of a dtype of its own."""

    shape: Shape
    dtype: Any


class Spec(NamedTuple):
    """What a rule says before anything runs.

    ============  ===========================================================
    ``shape``     of the output
    ``work``      by unit (:data:`UNITS`), ``NOTHING`` where elements only move
    ``keeps``     what the pullback holds: positions of inputs, ``OUTPUT``, and
                  shapes of other arrays, as ``Made`` if not of the inputs' dtype
    ``backward``  work of each input's cotangent, done where that is needed;
                  None: for each of them ``work`` once more
    ``always``    work of the pullback whichever cotangent is needed
    ``extras``    shapes that follow the output
    ``view``      whether the output may show an input's memory in another way
    ``axes``      the output's axes in the order in which they lie in memory, if
                  that is another
    ``joins``     whether the pullback takes, second, what has arrived at the first
                  input before, and answers with the sum for it
    ============  ===========================================================
    """

    shape: Shape
    work: Work
    keeps: tuple[int | Shape | Made, ...] = ()
    backward: tuple[Work, ...] | None = None
    always: Work = NOTHING
    extras: tuple[Shape, ...] = ()
    view: bool = False
    axes: Shape = ()
    joins: bool = False

    @property
    def macs(self) -> int:
        """Multiply-adds of the forward pass."""
        return self.work.get("macs", 0)

    def cotangent(self, position: int) -> Work:
        """Work of the cotangent of one input, beyond what is done ``always``."""
        return self.work if self.backward is None else self.backward[position]

    def blanks(self, dtype: Any) -> list[Blank]:
        """Return the output and extras as blanks, each with memory of its own."""
        blanks = [Blank(shape, dtype) for shape in (self.shape, *self.extras)]
        if self.axes:
            lying = Blank(tuple(self.shape[axis] for axis in self.axes), dtype)
            blanks[0] = lying.transpose(tuple(map(self.axes.index, range(lying.ndim))))
        return blanks


def arrays(*options: Any) -> tuple[Made, ...]:
    """Those of a call's options that are arrays, which its pullback keeps."""
    found = [x for x in options if isinstance(x, np.ndarray | Blank)]
    return tuple(Made(x.shape, x.dtype) for x in found)


def summed(shape: Shape, output: Shape) -> Work:
    """Work of a cotangent that arrives whole and goes to an input of ``shape``.

    Handed on as it is; summed over the axes along which the input was broadcast.
    """
    return NOTHING if shape == output else {"additions": prod(output)}


def broadcast(*shapes: Shape) -> Shape:
    """Shape of the broadcast; raises ``ShapeError`` if there is none."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        listed = " and ".join(map(str, shapes))
        raise ShapeError(f"shapes {listed} do not broadcast") from None


def each(unit: str, *keeps: int) -> Rule:
    """Make the rule of what costs one ``unit`` an element, there and back."""

    def rule(*shapes: Shape, **_: Any) -> Spec:
        shape = broadcast(*shapes)
        work = {unit: prod(shape)}
        backward = tuple({**work, **summed(x, shape)} for x in shapes)
        return Spec(shape, work, keeps, backward)

    return rule


def bilinear(shape: Shape, macs: int, bias: Shape | None) -> Spec:
    """Say what is linear in x and in weight, as a convolution is, plus a bias.

    Each cotangent is such a product again, of the output's with the other factor:
    as many MACs each, so that with both needed backward is twice forward. That of
    the bias is a sum.
    """
    product = {"macs": macs}
    biases = {"additions": prod(shape)}
    work = product if bias is None else product | biases
    return Spec(shape, work, keeps=(0, 1), backward=(product, product, biases))
