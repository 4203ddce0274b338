"""Operations that act on each element, with NumPy's broadcasting.

A pullback here may answer with a broadcast cotangent: the engine sums it back
to the input's shape.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from minicvt.errors import DtypeError, OptionError
from minicvt.ops.operation import operation
from minicvt.ops.spec import OUTPUT, Shape, Spec, arrays, broadcast, each, summed


def expit(x):
    """The logistic function; importing SciPy's takes as long as NumPy itself."""
    from scipy.special import expit as logistic

    return logistic(x)


def _add_rule(x: Shape, y: Shape) -> Spec:
    shape = broadcast(x, y)
    work = {"additions": prod(shape)}
    return Spec(shape, work, backward=(summed(x, shape), summed(y, shape)))


def _subtract_rule(x: Shape, y: Shape) -> Spec:
    spec = _add_rule(x, y)
    negated = {"multiplications": prod(spec.shape), **summed(y, spec.shape)}
    return spec._replace(backward=(summed(x, spec.shape), negated))


@operation(_add_rule)
def add(x, y):
    """x + y."""
    return x + y, lambda d: (d, d)


@operation(_subtract_rule)
def subtract(x, y):
    """x - y."""
    return x - y, lambda d: (d, lambda: -d)


@operation(each("multiplications", 0, 1))
def multiply(x, y):
    """x * y."""
    return x * y, lambda d: (lambda: d * y, lambda: d * x)


@operation(each("multiplications", 0, 1))
def divide(x, y):
    """x / y; d(x/y) = (dx - (x/y) dy) / y."""
    return x / y, lambda d: (lambda: d / y, lambda: -d * (x / y) / y)


@operation(each("comparisons", 0, 1))
def maximum(x, y):
    """max(x, y); where they are equal each gets half, as in PyTorch."""

    def share(a, b):
        return (a > b) + 0.5 * (a == b)

    def pullback(d):
        return (
            lambda: d * share(x, y).astype(d.dtype),
            lambda: d * share(y, x).astype(d.dtype),
        )

    return np.maximum(x, y), pullback


def _where_rule(x: Shape, y: Shape, *, condition: Any) -> Spec:
    if np.asarray(condition).dtype != bool:
        dtype = np.asarray(condition).dtype
        raise DtypeError(f"condition should be boolean, got {dtype}")
    shape = broadcast(x, y, np.shape(condition))
    work = {"comparisons": prod(shape)}
    backward = tuple({**work, **summed(input_, shape)} for input_ in (x, y))
    return Spec(shape, work, keeps=arrays(condition), backward=backward)


@operation(_where_rule)
def where(x, y, *, condition):
    """x where ``condition`` (a boolean array), else y."""
    zero = x.dtype.type(0)
    return np.where(condition, x, y), lambda d: (
        lambda: np.where(condition, d, zero),
        lambda: np.where(condition, zero, d),
    )


@operation(each("multiplications"))
def negative(x):
    """-x."""
    return -x, lambda d: (-d,)


def _power_rule(x: Shape, *, exponent: float) -> Spec:
    if not isinstance(exponent, int | float):
        raise OptionError(f"exponent should be a number, got {exponent!r}")
    return Spec(x, {"functions": prod(x)}, keeps=(0,) if exponent else ())


@operation(_power_rule)
def power(x, *, exponent):
    """x ** p for a number p; derivative p x^(p-1)."""
    if exponent == 0:
        return x**0, lambda d: (d * 0,)
    return x**exponent, lambda d: (d * (exponent * x ** (exponent - 1)),)


@operation(each("functions", OUTPUT))
def exp(x):
    """e^x, its own derivative."""
    y = np.exp(x)
    return y, lambda d: (d * y,)


@operation(each("functions", 0))
def log(x):
    """Natural logarithm; derivative 1/x."""
    return np.log(x), lambda d: (d / x,)


@operation(each("functions", OUTPUT))
def sqrt(x):
    """Square root y; derivative 1/(2y)."""
    y = np.sqrt(x)
    return y, lambda d: (d / (2 * y),)


@operation(each("functions", 0))
def abs(x):
    """|x|; derivative sign(x), 0 at 0."""
    return np.abs(x), lambda d: (d * np.sign(x),)


@operation(each("activations", 0))
def tanh(x):
    """Hyperbolic tangent y; derivative 1 - y^2 = 4 sigma(2x) sigma(-2x).

    The product keeps the digits that 1 - y^2 loses where y is nearly 1.
    """
    return np.tanh(x), lambda d: (d * (4 * expit(2 * x) * expit(-2 * x)),)


@operation(each("activations", 0, OUTPUT))
def sigmoid(x):
    """sigma(x) = 1 / (1 + e^-x); derivative sigma(x) (1 - sigma(x)).

    1 - sigma(x) is sigma(-x), which has digits left where sigma(x) is nearly 1.
    """
    y = expit(x)
    return y, lambda d: (d * y * expit(-x),)
