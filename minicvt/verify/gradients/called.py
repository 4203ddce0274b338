"""What can be checked, behind one face: arrays in, an array out, and gradients.

A function of Tensors, a module (its parameters are inputs too), or a plain NumPy
function with a gradient of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np

from minicvt.errors import OptionError, ShapeError
from minicvt.kernels.types import Array
from minicvt.nn import Module
from minicvt.tensor import Tensor, no_grad
from minicvt.verify.gradients.given import as_float64, input_names

Arrays = Sequence[Array]


class Called(Protocol):
    """A function of float64 arrays that knows, or says it knows, its gradients."""

    inputs: list[Array]
    names: list[str]

    def value(self, inputs: Arrays) -> Array:
        """Return the output."""

    def gradients(self, inputs: Arrays, cotangent: Array) -> list[Array]:
        """Return the cotangent of each input."""


class OnTensors:
    """A function of Tensors to a Tensor, or to several of which the first counts."""

    def __init__(self, f: Callable[..., Any], inputs: Sequence[Any]) -> None:
        self.f, self.inputs = f, [as_float64(x) for x in inputs]
        self.names = input_names(f, len(inputs))

    def value(self, inputs: Arrays) -> Array:
        """Run it without recording."""
        with no_grad():
            return np.asarray(_first(self.f(*map(Tensor, inputs))).numpy())

    def gradients(self, inputs: Arrays, cotangent: Array) -> list[Array]:
        """Run it, and back; zeros for an input that no output depends on."""
        leaves = [Tensor(x, requires_grad=True) for x in inputs]
        output = _first(self.f(*leaves))
        if output.requires_grad:
            output.backward(cotangent)
        return [_gradient(leaf) for leaf in leaves]


class OnModule(OnTensors):
    """A module: what it is called with, then its parameters, as inputs.

    Its parameters hold other values while it runs, and then their own again.
    """

    def __init__(self, module: Module, inputs: Sequence[Any]) -> None:
        named = [(n, p) for n, p in module.named_parameters() if p.requires_grad]
        self.parameters = [parameter for _, parameter in named]
        super().__init__(module, [*inputs, *self.parameters])
        self.count = len(inputs)
        called_with = input_names(module.forward, self.count)
        self.names = [*called_with, *(name for name, _ in named)]

    def value(self, inputs: Arrays) -> Array:
        """Run it with these inputs and parameters."""
        with self.holding(inputs[self.count :]):
            return super().value(inputs[: self.count])

    def gradients(self, inputs: Arrays, cotangent: Array) -> list[Array]:
        """Run it, and back."""
        with self.holding(inputs[self.count :]):
            found = super().gradients(inputs[: self.count], cotangent)
            return [*found, *map(_gradient, self.parameters)]

    @contextmanager
    def holding(self, values: Arrays) -> Iterator[None]:
        """Give the parameters other values, and no gradient, for a while."""
        before = [(p.numpy(), p.grad) for p in self.parameters]
        try:
            for parameter, value in zip(self.parameters, values, strict=True):
                parameter.assign(value)
                parameter.grad = None
            yield
        finally:
            for parameter, own in zip(self.parameters, before, strict=True):
                parameter.assign(own[0])
                parameter.grad = own[1]


class OnArrays:
    """A NumPy function, and ``gradient(cotangent, *inputs)``: one array an input."""

    def __init__(
        self, f: Callable[..., Any], inputs: Sequence[Any], gradient: Callable[..., Any]
    ) -> None:
        self.f, self.gradient = f, gradient
        self.inputs = [as_float64(x) for x in inputs]
        self.names = input_names(f, len(inputs))

    def value(self, inputs: Arrays) -> Array:
        """Run it; if one input is complex they all are, as they may meet in place."""
        one_type = np.result_type(*inputs)
        return np.asarray(self.f(*[x.astype(one_type) for x in inputs]))

    def gradients(self, inputs: Arrays, cotangent: Array) -> list[Array]:
        """Ask the gradient; raises ``ShapeError`` for another number or shape."""
        given = self.gradient(cotangent, *[x.copy() for x in inputs])
        found = [
            np.asarray(g) for g in (given if isinstance(given, tuple) else [given])
        ]
        wanted = [x.shape for x in inputs]
        if [g.shape for g in found] != wanted:
            came = ", ".join(str(g.shape) for g in found)
            expected = ", ".join(map(str, wanted))
            raise ShapeError(f"gradient: expected shapes {expected}, got {came}")
        return found


def _first(output: Any) -> Tensor:
    first = output[0] if isinstance(output, tuple) and output else output
    if not isinstance(first, Tensor):
        raise OptionError(
            f"f should return a Tensor, got {type(first).__name__}; "
            "a NumPy function is checked with a gradient of its own: gradient="
        )
    return first


def _gradient(leaf: Tensor) -> Array:
    return np.zeros(leaf.shape) if leaf.grad is None else leaf.grad
