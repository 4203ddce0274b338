"""Every thread count in one place.

Two kinds of threads compete for the same cores: those inside BLAS, which split one
matrix product, and our own, which take one sample or batch each.  Both at once is the
trap: two Python threads over a BLAS that takes two cores each run 1.75 to 2 times
slower than over a BLAS that takes one, because a BLAS thread that waits keeps its core
busy.  So:

- several items: one Python thread a core, BLAS at one thread each (`each`);
- one item: BLAS takes all cores, everything else is serial.

Kernels start no threads of their own.  The compiled ones let go of the GIL, as NumPy's
matrix products do, so that Python threads really run side by side.

The same seeds give the same bits, on the same machine with the same versions.  One
thing depends on a thread count: BLAS adds up a large matrix product in another order
when it has other threads, so that the last bits of `matmul`, `linear`, `conv2d` and
`attend`, and of what follows from them, are those of its number of threads.  `fit`
gives it one, always; how many Python threads share the batches changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache
from typing import Any, TypeVar

import numpy as np  # noqa: F401 - its BLAS must be loaded before it can be found
from threadpoolctl import ThreadpoolController

from minicvt.errors import OptionError

Item = TypeVar("Item")
Result = TypeVar("Result")


def available() -> int:
    """Return how many cores this process may use, which may be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def limit(threads: int) -> Iterator[None]:
    """Give BLAS ``threads`` threads inside a ``with`` block.

    The count belongs to the whole process: set it around the threads that share it,
    not inside each.  Raises `OptionError` for fewer than one.
    """
    if threads < 1:
        raise OptionError(f"threads: expected at least 1, got {threads}")
    with _blas().limit(limits=threads):
        yield


def each(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    workers: int | None = None,
) -> list[Result]:
    """Return ``[function(item) for item in items]``, worked on side by side.

    One Python thread an item, at most ``workers`` at a time (default: one a core),
    BLAS at one thread each.  Every thread sees what the caller has set in ``with``
    blocks (`no_grad` and the like).  The first error of ``function`` is raised.
    """
    waiting = list(items)
    count = min(workers or available(), len(waiting))
    if count <= 1:
        return [function(item) for item in waiting]
    with limit(1), ThreadPoolExecutor(count) as pool:
        tasks = [pool.submit(copy_context().run, function, item) for item in waiting]
        return [task.result() for task in tasks]


def blas() -> list[dict[str, Any]]:
    """Return what each loaded BLAS says of itself: name, version, threads, file."""
    found: list[dict[str, Any]] = _blas().info()
    return found


@cache
def _blas() -> Any:
    """Find the loaded BLAS libraries; it takes 2 ms, setting their threads 10 us."""
    return ThreadpoolController().select(user_api="blas")
