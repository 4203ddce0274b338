"""Arrays with a shape and no values: how a model is counted without memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import prod
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.lib.stride_tricks import as_strided

from minicvt.errors import GraphError, ShapeError

_shapes_only: ContextVar[bool] = ContextVar("shapes_only", default=False)

MOST = int(np.iinfo(np.intp).max)
"""Bytes that an array can have at all: as many as there are addresses."""


class Blank(NDArrayOperatorsMixin):
    """Stands where an array would, with ``shape`` and ``dtype`` and nothing in it.

    An operation that meets a blank input runs its shape rule alone and answers
    with a blank. Reading values, or computing with them, raises ``GraphError``, and a
    shape that no array can have ``ShapeError``. What reshapes, reorders,
    slices or broadcasts an array does it to a blank, with NumPy's strides: ``memory``
    is the blank that it shows in another way, itself where nothing is shared.
    """

    __slots__ = ("__weakref__", "_memory", "_strides", "dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape, self.dtype = tuple(shape), np.dtype(dtype)
        self._strides: tuple[int, ...] | None = None
        self._memory: Blank | None = None  # of itself it would be garbage to collect
        if min(self.shape, default=0) < 0 or self.nbytes > MOST:
            raise ShapeError(f"no array can be {self.shape} in {self.dtype}")

    @property
    def memory(self) -> Blank:
        """The blank whose memory this one shows."""
        return self if self._memory is None else self._memory

    @property
    def strides(self) -> tuple[int, ...]:
        """Steps from one element to the next along each axis, in elements."""
        if self._strides is None:
            rest = range(1, self.ndim + 1)
            self._strides = tuple(prod(self.shape[axis:]) for axis in rest)
        return self._strides

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements it would hold."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes it would take."""
        return self.size * self.dtype.itemsize

    def reshape(self, shape: tuple[int, ...]) -> Blank:
        """Same elements, other axes (one may be -1); a copy where no strides fit."""
        known = prod(n for n in shape if n != -1)
        shape = tuple(self.size // known if n == -1 else n for n in shape)
        other = Blank(shape, self.dtype)
        strides = reshaped_strides(self.shape, self.strides, shape) if self.size else ()
        if strides is not None:
            other._memory, other._strides = self.memory, strides or other.strides
        return other

    def transpose(self, axes: tuple[int, ...]) -> Blank:
        """Axes in another order."""
        return self._showing(self._layout().transpose(axes))

    def __getitem__(self, index: Any) -> Blank:
        """Slices, integers and new axes; a single element is a copy, as in NumPy."""
        index = index if isinstance(index, tuple) else (index,)
        whole = Ellipsis in index
        shown = self._layout()[index if whole else (*index, ...)]
        return self._showing(shown) if whole or shown.ndim else Blank((), self.dtype)

    def __array_function__(self, function: Any, _: Any, inputs: Any, named: Any) -> Any:
        if function is not np.broadcast_to:
            return self.__array__()
        return self._showing(np.broadcast_to(self._layout(), *inputs[1:], **named))

    def _layout(self) -> np.ndarray:
        """Return an array of these strides over a single byte: never to be read."""
        return as_strided(np.empty(1, np.int8), self.shape, self.strides)

    def _showing(self, layout: np.ndarray) -> Blank:
        other = Blank(layout.shape, self.dtype)
        other._strides, other._memory = layout.strides, self.memory
        return other

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise GraphError(
            f"array {self.shape} has no values: it was made under shapes_only()"
        )

    def __array_ufunc__(self, *_: Any, **__: Any) -> NoReturn:
        self.__array__()

    def __bool__(self) -> NoReturn:
        self.__array__()

    __hash__ = object.__hash__  # which == as of arrays would take away

    def __repr__(self) -> str:
        return f"Blank({self.shape}, {self.dtype})"


def reshaped_strides(
    shape: tuple[int, ...], strides: tuple[int, ...], other: tuple[int, ...]
) -> tuple[int, ...] | None:
    """Strides that show the same memory in the ``other`` shape, None if none can.

    Memory falls into runs, at whose ends the next element is not where the strides
    within would put it. Axes of the other shape may cut runs but not join them.
    """
    runs: list[tuple[int, int]] = []
    for n, step in zip(shape, strides, strict=True):
        if n != 1:
            joins = bool(runs) and runs[-1][1] == n * step
            runs.append((runs.pop()[0] * n if joins else n, step))
    found, left, step = [], 1, 1
    for n in reversed(other):
        if n != 1 and left == 1:
            left, step = runs.pop()
        if left % n:
            return None
        found.append(step)
        left, step = left // n, step * n
    return tuple(reversed(found))


@contextmanager
def shapes_only() -> Iterator[None]:
    """Build models whose parameters are blank: shapes and counts, no memory."""
    token = _shapes_only.set(True)
    try:
        yield
    finally:
        _shapes_only.reset(token)


def is_shapes_only() -> bool:
    """Whether ``shapes_only()`` is in force here."""
    return _shapes_only.get()
