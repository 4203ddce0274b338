"""What pullbacks hold until backward, from their rules: each array once.

:mod:`minicvt.graph.kept` measures the same in closures. A rule can say it where nothing
runs, of a model too large to run.
"""

from __future__ import annotations

from math import prod
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from minicvt.blank import Blank
from minicvt.graph.kept import owner
from minicvt.observe import OperationEvent
from minicvt.ops.spec import OUTPUT, Made, Shape


def memory(array: Any) -> Any:
    """Return the array, or blank, that owns the memory of this one."""
    return array.memory if isinstance(array, Blank) else owner(array)


def nbytes(array: Shape | Made, dtype: Any) -> int:
    """Bytes of an array of this shape, of ``dtype`` if it has none of its own."""
    if isinstance(array, Made):
        return prod(array.shape) * np.dtype(array.dtype).itemsize
    return prod(array) * np.dtype(dtype).itemsize


class Kept:
    """Arrays that are known to be held: leaves that learn, and what was kept before."""

    def __init__(self) -> None:
        self._known: WeakValueDictionary[int, Any] = WeakValueDictionary()

    def note(self, event: OperationEvent) -> int:
        """Return the bytes that this operation's pullback is the first to hold."""
        for tensor in event.inputs:
            if tensor is not None and tensor.requires_grad and tensor.node is None:
                self._first(tensor.data)
        if event.output.node is None:  # nothing was recorded
            return 0
        tensors = {**dict(enumerate(event.inputs)), OUTPUT: event.output}
        return sum(
            self._first(tensors[kept].data)
            if isinstance(kept, int)
            else nbytes(kept, event.output.dtype)
            for kept in event.spec.keeps
        )

    def _first(self, array: Any) -> int:
        """Return the bytes of the memory that ``array`` shows, 0 where it is known."""
        held = memory(array)
        if self._known.get(id(held)) is held:
            return 0
        self._known[id(held)] = held
        return held.nbytes
