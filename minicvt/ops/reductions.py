"""Sums and their relatives over chosen axes."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from operator import index
from typing import Any

import numpy as np

from minicvt.errors import ShapeError
from minicvt.ops.operation import operation
from minicvt.ops.spec import NOTHING, OUTPUT, Shape, Spec


def _axes(x: Shape, axis: Any) -> tuple[int, ...]:
    """Read ``axis`` (None, a number or several) as sorted positions."""
    if axis is None:
        return tuple(range(len(x)))
    given = tuple(map(index, axis if isinstance(axis, Iterable) else (axis,)))
    if any(not -len(x) <= a < len(x) for a in given):
        raise ShapeError(f"axis {axis} does not fit shape {x}")
    axes = {a % len(x) for a in given}
    if len(axes) < len(given):
        raise ShapeError(f"axis {axis} names an axis of {x} twice")
    return tuple(sorted(axes))


def _reduced(x: Shape, axis: Any, keepdims: bool) -> Shape:
    axes = _axes(x, axis)
    kept = [1 if i in axes else n for i, n in enumerate(x)]
    return tuple(n for i, n in enumerate(kept) if keepdims or i not in axes)


def _sum_rule(x: Shape, *, axis: Any, keepdims: bool) -> Spec:
    shape = _reduced(x, axis, keepdims)
    return Spec(shape, {"additions": prod(x)}, backward=(NOTHING,))


def _mean_rule(x: Shape, *, axis: Any, keepdims: bool) -> Spec:
    if 0 in [x[a] for a in _axes(x, axis)]:
        raise ShapeError(f"no elements along axis {axis} of shape {x}")
    return _sum_rule(x, axis=axis, keepdims=keepdims)


def _max_rule(x: Shape, *, axis: Any, keepdims: bool) -> Spec:
    shape = _mean_rule(x, axis=axis, keepdims=keepdims).shape
    return Spec(shape, {"comparisons": prod(x)}, keeps=(0, OUTPUT))


def _spread(d: Any, x: Shape, axis: Any) -> Any:
    """Give every element of shape ``x`` the cotangent of the sum it went into."""
    axes = _axes(x, axis)
    kept = tuple(1 if i in axes else n for i, n in enumerate(x))
    return np.broadcast_to(d.reshape(kept), x)


@operation(_sum_rule)
def sum(x, *, axis=None, keepdims=False):
    """Sum over ``axis``, accumulated in float64; cotangents are spread back."""
    total = x.sum(axis=_axes(x.shape, axis), dtype=np.float64, keepdims=keepdims)
    shape = x.shape
    return total.astype(x.dtype), lambda d: (_spread(d, shape, axis),)


@operation(_mean_rule)
def mean(x, *, axis=None, keepdims=False):
    """Mean over ``axis``, accumulated in float64."""
    axes = _axes(x.shape, axis)
    count = x.dtype.type(prod(x.shape[a] for a in axes))
    average = x.mean(axis=axes, dtype=np.float64, keepdims=keepdims)
    shape = x.shape
    return average.astype(x.dtype), lambda d: (_spread(d / count, shape, axis),)


@operation(_max_rule)
def max(x, *, axis=None, keepdims=False):
    """Maximum over ``axis``; equal maxima share the cotangent equally."""
    top = x.max(axis=_axes(x.shape, axis), keepdims=True)

    def pullback(d):
        winners = (x == top).astype(x.dtype)
        shares = winners / winners.sum(axis=_axes(x.shape, axis), keepdims=True)
        return (_spread(d, x.shape, axis) * shares,)

    return top.reshape(_reduced(x.shape, axis, keepdims)), pullback
