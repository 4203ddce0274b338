"""A tensor that remembers how it was made, and the walk back.

``y = f(x)`` computed by an operation keeps a :class:`~minicvt.node.Node`: which
tensors went in, and the pullback that turns a cotangent of ``y`` into one per input.
Calling ``loss.backward()`` walks these nodes from the loss to the leaves, each after
all that used its output, and adds up what arrives (the chain rule, summed over paths).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import numpy as np

from minicvt import observe
from minicvt.blank import Blank
from minicvt.errors import DtypeError, GraphError, ShapeError
from minicvt.node import Arrived, Node, tape_order

FLOATS = (np.dtype("float32"), np.dtype("float64"))

_recording: ContextVar[bool] = ContextVar("recording", default=True)


class Tensor:
    """A read-only array of float32 or float64 that can be differentiated.

    The array is copied in. Integers and other dtypes raise ``DtypeError``.
    ``grad`` is a NumPy array, or None before the first backward.
    """

    __slots__ = (
        *("__weakref__", "_outline", "data", "grad", "node", "requires_grad"),
        "version",
    )
    __array_ufunc__ = None  # array * tensor asks the tensor, not NumPy

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        self._hold(data if isinstance(data, Blank) else np.array(_unwrapped(data)))
        self.requires_grad = requires_grad

    def _hold(self, array: Any) -> None:
        if array.dtype not in FLOATS:
            raise DtypeError(f"Tensor: expected float32 or float64, got {array.dtype}")
        if type(array) is not Blank:
            array.flags.writeable = False
        self.data = array
        self.grad: Any = None
        self.node: Node | None = None
        self._outline: Tensor | None = None
        self.version = 0
        self.requires_grad = False

    @classmethod
    def wrap(cls, array: Any) -> Tensor:
        """Make a tensor around ``array``, which becomes read-only, without a copy."""
        tensor = cls.__new__(cls)
        tensor._hold(array)
        return tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.data.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        return self.data.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.data.size

    def numpy(self) -> Any:
        """Return the values as a read-only NumPy array."""
        return np.asarray(self.data)

    def item(self) -> float:
        """Return the value of a one-element tensor; others raise ``ShapeError``."""
        if self.size != 1:
            raise ShapeError(f"item: expected one element, got shape {self.shape}")
        return float(self.numpy().reshape(()))

    def detach(self) -> Tensor:
        """Return the same values, cut off from the tape."""
        return Tensor.wrap(self.data)

    def backward(self, cotangent: Any = None, *, retain_graph: bool = False) -> None:
        """Add d<cotangent, self>/d(leaf) to ``grad`` of every leaf.

        A scalar needs no cotangent (it is 1). The graph is freed as the walk
        goes, unless ``retain_graph``. Raises ``GraphError`` when nothing was
        recorded, when the graph was freed, or when a leaf was written to since
        its value was used; ``ShapeError`` when the cotangent does not fit. Then no
        ``grad`` has changed.
        """
        if not self.requires_grad:
            raise GraphError("backward: nothing was recorded (no input requires grad)")
        if isinstance(self.data, Blank):
            raise GraphError("backward: no values, this was made under shapes_only()")
        arrived = Arrived()
        arrived.add(self, _seed(self, cotangent))
        waiting = tape_order(self)
        for tensor in reversed(waiting):
            if tensor.node is not None:
                tensor.node.check()
        while waiting:  # shorter with every step, so that memory is freed on the way
            tensor = waiting.pop()
            gradient = arrived.take(tensor)
            if tensor.node is None:
                tensor._accumulate(gradient)
                continue
            joined = arrived.pull(tensor.node, gradient)
            if observe.observed():
                observe.emit(observe.BackwardEvent(tensor.node, joined))
            if not retain_graph:
                tensor.node.release()

    def outline(self) -> Tensor:
        """Return what a graph knows of this: a result in between has no values there.

        What a pullback needs of them it holds itself.
        """
        if self.node is None or type(self.data) is Blank:
            return self
        if self._outline is None:
            self._outline = Tensor.wrap(_valueless(self.shape, self.dtype))
            self._outline.node, self._outline.requires_grad = self.node, True
        return self._outline

    def _accumulate(self, gradient: Any) -> None:
        total = gradient if self.grad is None else self.grad + gradient
        self.grad = np.asarray(total)
        self.grad.flags.writeable = False

    def __repr__(self) -> str:
        made = f", made by {self.node}" if self.node else ""
        values = "" if isinstance(self.data, Blank) else f"{self.data}, "
        return f"Tensor({values}shape {self.shape}, {self.dtype}{made})"

    def __len__(self) -> int:
        if not self.shape:
            raise ShapeError("len: a scalar tensor has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[index] for index in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __add__(self, other: Any) -> Tensor:
        return ops.add(self, other)

    def __sub__(self, other: Any) -> Tensor:
        return ops.subtract(self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return ops.subtract(other, self)

    def __mul__(self, other: Any) -> Tensor:
        return ops.multiply(self, other)

    def __truediv__(self, other: Any) -> Tensor:
        return ops.divide(self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return ops.divide(other, self)

    def __pow__(self, exponent: float) -> Tensor:
        return ops.power(self, exponent=exponent)

    def __neg__(self) -> Tensor:
        return ops.negative(self)

    def __matmul__(self, other: Any) -> Tensor:
        return ops.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return ops.matmul(other, self)

    def __getitem__(self, index: Any) -> Tensor:
        return ops.getitem(self, index=index)

    __radd__ = __add__
    __rmul__ = __mul__

    def reshape(self, *shape: int) -> Tensor:
        """Same elements in the same order, other axes; one may be -1."""
        return ops.reshape(self, shape=shape)

    def transpose(self, *axes: int) -> Tensor:
        """Axes in another order; none given reverses them."""
        return ops.transpose(self, axes=axes or tuple(range(self.ndim))[::-1])

    def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """Sum over ``axis`` (all axes by default)."""
        return ops.sum(self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """Mean over ``axis`` (all axes by default)."""
        return ops.mean(self, axis=axis, keepdims=keepdims)


def _seed(tensor: Tensor, cotangent: Any) -> Any:
    if cotangent is None:
        if tensor.size != 1:
            raise ShapeError(f"backward: shape {tensor.shape} needs a cotangent")
        return np.ones(tensor.shape, tensor.dtype)
    seed = np.array(_unwrapped(cotangent))
    if seed.shape != tensor.shape:
        raise ShapeError(
            f"backward: cotangent has shape {seed.shape}, tensor has {tensor.shape}"
        )
    return seed.astype(tensor.dtype)


@lru_cache(1024)
def _valueless(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Blank:
    """Return what all outlines of one shape hold: nobody asks whose memory it is."""
    return Blank(shape, dtype)


def _unwrapped(value: Any) -> Any:
    return value.data if isinstance(value, Tensor) else value


@contextmanager
def no_grad() -> Iterator[None]:
    """Run operations without recording them: no tape, no memory for backward."""
    token = _recording.set(False)
    try:
        yield
    finally:
        _recording.reset(token)


def is_recording() -> bool:
    """Whether operations are being recorded here."""
    return _recording.get()


from minicvt import ops  # noqa: E402  (operations need Tensor, Tensor's operators need them)
