"""Arrays with a shape and no values: how a model is counted without memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import prod
from typing import Any, NoReturn

import numpy as np

from minicvt.errors import GraphError

_shapes_only: ContextVar[bool] = ContextVar("shapes_only", default=False)


class Blank:
    """Stands where an array would, with ``shape`` and ``dtype`` and nothing in it.

    An operation that meets a blank input runs its shape rule alone and answers
    with a blank. Reading values raises ``GraphError``.
    """

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape = tuple(shape)
        self.dtype = np.dtype(dtype)

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

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise GraphError(
            f"array {self.shape} has no values: it was made under shapes_only()"
        )

    def __repr__(self) -> str:
        return f"Blank({self.shape}, {self.dtype})"


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
