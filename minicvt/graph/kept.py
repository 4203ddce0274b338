"""Which arrays a pullback keeps alive, found by looking into its closure.

A function holds what it uses of its surroundings in closure cells. Following those
to the arrays in them, and each view to the array that owns its memory, gives the
bytes that really stay until backward: measured, not declared.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np


def owner(array: np.ndarray) -> np.ndarray:
    """Follow views to the array whose memory they show."""
    root, base = array, array.base
    while base is not None:
        root = base if isinstance(base, np.ndarray) else root
        base = getattr(base, "base", None)
    return root


def buffers(held: Any) -> dict[int, int]:
    """Memory that ``held`` keeps alive: bytes by the ``id`` of the owning array.

    Looks into functions (cells and defaults), partials and plain containers.
    """
    found: dict[int, int] = {}
    seen: set[int] = set()
    waiting = [held]
    while waiting:
        item = waiting.pop()
        if isinstance(item, np.ndarray):
            memory = owner(item)
            found[id(memory)] = memory.nbytes
        elif id(item) not in seen:
            seen.add(id(item))
            waiting.extend(_inside(item))
    return found


def _inside(item: Any) -> Iterator[Any]:
    if isinstance(item, FunctionType):
        yield from (_contents(cell) for cell in item.__closure__ or ())
        yield from item.__defaults__ or ()
    elif isinstance(item, partial):
        yield from (item.func, item.args, item.keywords)
    elif isinstance(item, dict):
        yield from item.values()
    elif isinstance(item, tuple | list | set | frozenset):
        yield from item


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # a name that was never bound
        return None
