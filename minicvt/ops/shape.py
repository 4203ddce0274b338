"""Operations that move elements and compute nothing."""

from __future__ import annotations

import operator
from functools import lru_cache
from itertools import accumulate, pairwise
from math import prod
from typing import Any

import numpy as np

from minicvt.errors import ShapeError
from minicvt.ops.operation import operation
from minicvt.ops.spec import NOTHING, Shape, Spec, arrays, summed


def _reshape_rule(x: Shape, *, shape: Shape) -> Spec:
    shape = tuple(shape)
    if not all(isinstance(n, int | np.integer) for n in shape):
        raise ShapeError(f"lengths should be integers, got {shape}")
    known = prod(n for n in shape if n != -1)
    if shape.count(-1) == 1 and known and prod(x) % known == 0:
        shape = tuple(prod(x) // known if n == -1 else n for n in shape)
    if min(shape, default=0) < 0 or prod(shape) != prod(x):
        raise ShapeError(f"{x} has {prod(x)} elements, {shape} does not fit")
    return Spec(shape, NOTHING, view=True)


@operation(_reshape_rule)
def reshape(x, *, shape):
    """Same elements in the same order, other axes; one axis may be -1."""
    before = x.shape  # a pullback that named x would keep all of it
    return x.reshape(shape), lambda d: (d.reshape(before),)


def _transpose_rule(x: Shape, *, axes: Shape) -> Spec:
    if sorted(axes) != list(range(len(x))):
        raise ShapeError(f"axes {axes} do not reorder shape {x}")
    return Spec(tuple(x[axis] for axis in axes), NOTHING, view=True)


@operation(_transpose_rule)
def transpose(x, *, axes):
    """Axes in another order; the pullback undoes it."""
    back = sorted(range(len(axes)), key=axes.__getitem__)
    return x.transpose(axes), lambda d: (d.transpose(back),)


@lru_cache(256)
def _nothing(x: Shape) -> Any:
    """Return an array of this shape without the memory."""
    return np.broadcast_to(np.empty(()), x)


def _getitem_rule(x: Shape, *, index: Any) -> Spec:
    try:
        shape = _nothing(x)[index].shape
    except IndexError as error:
        raise ShapeError(f"shape {x}: {error}") from None
    added = {"additions": prod(shape)}
    keeps = arrays(*_parts(index))
    return Spec(shape, NOTHING, keeps, (added,), view=_is_basic(index))


class Piece:
    """What an index sends back: zero but for ``values`` there.

    Added in place to what has arrived from elsewhere, which may be other pieces.
    """

    def __init__(self, shape: Shape, index: Any, values: Any) -> None:
        self.shape, self.index, self.values = shape, index, values

    def __call__(self) -> Any:
        """Return it as a whole array."""
        whole = np.zeros(self.shape, self.values.dtype)
        self.add_to(whole)
        return whole

    def add_to(self, total: Any) -> None:
        """Add it to an array; an element taken twice receives both."""
        if _is_basic(self.index):
            total[self.index] += self.values
        else:
            np.add.at(total, self.index, self.values)


@operation(_getitem_rule)
def getitem(x, *, index):
    """x[index]; an element taken twice receives both cotangents."""
    before = x.shape
    return x[index], lambda d: (Piece(before, index, d),)


def _is_basic(index: Any) -> bool:
    """Slices and integers only: no element can be taken twice."""
    basic = (int, np.integer, slice, type(None), type(...))
    return all(isinstance(x, basic) and x is not True for x in _parts(index))


def _parts(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def _concatenate_rule(*shapes: Shape, axis: int) -> Spec:
    if None in shapes:
        raise ShapeError(f"arrays should all be there, got shapes {shapes}")
    rank = len(shapes[0]) if shapes else 0
    if not -rank <= axis < rank:
        raise ShapeError(f"axis {axis} of shapes {shapes}")
    axis %= rank
    rest = {s[:axis] + s[axis + 1 :] for s in shapes}
    if len(rest) != 1 or any(len(s) != rank for s in shapes):
        raise ShapeError(f"{shapes} differ beyond axis {axis}")
    joined = sum(s[axis] for s in shapes)
    return Spec((*shapes[0][:axis], joined, *shapes[0][axis + 1 :]), NOTHING)


@operation(_concatenate_rule)
def concatenate(*arrays, axis):
    """Join along ``axis``; the pullback cuts at the same places."""
    ends = accumulate((a.shape[axis] for a in arrays), initial=0)
    joined = np.concatenate(arrays, axis)
    whole = (slice(None),) * (axis % joined.ndim)
    cuts = [(*whole, slice(*pair)) for pair in pairwise(ends)]
    return joined, lambda d: tuple([d[cut] for cut in cuts])


def _pad_rule(x: Shape, *, widths: Any) -> Spec:
    pairs = [tuple(map(operator.index, both)) for both in widths]
    if len(pairs) != len(x) or any(len(both) != 2 or min(both) < 0 for both in pairs):
        raise ShapeError(f"{x} needs (before, after) for each axis, got {widths}")
    return Spec(tuple(n + sum(both) for n, both in zip(x, pairs, strict=True)), NOTHING)


@operation(_pad_rule)
def pad(x, *, widths):
    """Zeros around x: ``widths`` is (before, after) for each axis."""
    both = zip(x.shape, widths, strict=True)
    inner = tuple(slice(before, before + n) for n, (before, _) in both)
    return np.pad(x, widths), lambda d: (d[inner],)


def _broadcast_to_rule(x: Shape, *, shape: Shape) -> Spec:
    try:
        fits = np.broadcast_shapes(x, shape) == tuple(shape)
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"{x} does not broadcast to {shape}")
    shape = tuple(shape)
    return Spec(shape, NOTHING, backward=(summed(x, shape),), view=True)


@operation(_broadcast_to_rule)
def broadcast_to(x, *, shape):
    """Repeat x along new or one-long axes; the engine sums the cotangent back."""
    return np.broadcast_to(x, shape), lambda d: (d,)
