"""Operations that act on each element, with NumPy's broadcasting.

A pullback here may answer with a broadcast cotangent: the engine sums it back
to the input's shape.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

from minicvt.errors import DtypeError, ShapeError
from minicvt.ops.operation import Shape, Spec, operation


def broadcast(*shapes: Shape, **_: Any) -> Spec:
    """Shape of the broadcast; raises ``ShapeError`` if there is none."""
    try:
        return Spec(np.broadcast_shapes(*shapes))
    except ValueError:
        listed = " and ".join(map(str, shapes))
        raise ShapeError(f"shapes {listed} do not broadcast") from None


def same(x: Shape, **_: Any) -> Spec:
    """One output element per input element."""
    return Spec(x)


@operation(broadcast)
def add(x, y):
    """x + y."""
    return x + y, lambda d: (d, d)


@operation(broadcast)
def subtract(x, y):
    """x - y."""
    return x - y, lambda d: (d, lambda: -d)


@operation(broadcast)
def multiply(x, y):
    """x * y."""
    return x * y, lambda d: (lambda: d * y, lambda: d * x)


@operation(broadcast)
def divide(x, y):
    """x / y; d(x/y) = (dx - (x/y) dy) / y."""
    return x / y, lambda d: (lambda: d / y, lambda: -d * (x / y) / y)


@operation(broadcast)
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
    return broadcast(x, y, np.shape(condition))


@operation(_where_rule)
def where(x, y, *, condition):
    """x where ``condition`` (a boolean array), else y."""
    zero = x.dtype.type(0)
    return np.where(condition, x, y), lambda d: (
        lambda: np.where(condition, d, zero),
        lambda: np.where(condition, zero, d),
    )


@operation(same)
def negative(x):
    """-x."""
    return -x, lambda d: (-d,)


@operation(same)
def power(x, *, exponent):
    """x ** p for a number p; derivative p x^(p-1)."""
    if exponent == 0:
        return x**0, lambda d: (d * 0,)
    return x**exponent, lambda d: (d * (exponent * x ** (exponent - 1)),)


@operation(same)
def exp(x):
    """e^x, its own derivative."""
    y = np.exp(x)
    return y, lambda d: (d * y,)


@operation(same)
def log(x):
    """Natural logarithm; derivative 1/x."""
    return np.log(x), lambda d: (d / x,)


@operation(same)
def sqrt(x):
    """Square root y; derivative 1/(2y)."""
    y = np.sqrt(x)
    return y, lambda d: (d / (2 * y),)


@operation(same)
def abs(x):
    """|x|; derivative sign(x), 0 at 0."""
    return np.abs(x), lambda d: (d * np.sign(x),)


@operation(same)
def tanh(x):
    """Hyperbolic tangent y; derivative 1 - y^2 = 4 sigma(2x) sigma(-2x).

    The product keeps the digits that 1 - y^2 loses where y is nearly 1.
    """
    return np.tanh(x), lambda d: (d * (4 * expit(2 * x) * expit(-2 * x)),)


@operation(same)
def sigmoid(x):
    """sigma(x) = 1 / (1 + e^-x); derivative sigma(x) (1 - sigma(x)).

    1 - sigma(x) is sigma(-x), which has digits left where sigma(x) is nearly 1.
    """
    y = expit(x)
    return y, lambda d: (d * y * expit(-x),)


@operation(same)
def relu(x):
    """max(x, 0); derivative 0 at 0."""
    return np.maximum(x, 0), lambda d: (d * (x > 0),)
