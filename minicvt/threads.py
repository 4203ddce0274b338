"""Every thread count in one place.

Two kinds of threads compete for the same cores: those inside BLAS, which split one
matrix product, and our own.  Both at once is the trap: a BLAS thread that has nothing
to do keeps its core busy for milliseconds, waiting for the next product, and whatever
else wants that core runs at half speed.  So the threads are ours alone:

- BLAS works at one thread wherever we call it (`serial_blas`);
- large pieces of work are split into ranges of rows, images or columns, one a thread,
  by a pool that sleeps when it has nothing to do (`share`); a split costs about 60 us,
  to wake up and to hand Python's lock over, so small ones are not;
- compiled kernels are split by the same threads without that lock, which costs 2 us
  while they are awake (`minicvt.kernels.team`);
- several items, batches say, go side by side, one Python thread each (`each`), and
  nothing inside them is split again.

Compiled kernels are serial inside and let go of the GIL, as NumPy's matrix products
do, so that Python threads really run side by side.  `limit` and the environment
variable MINICVT_THREADS say how many; without them it is one a core.

The same seeds give the same bits, on the same machine with the same versions.  One
thing may depend on a thread count: a matrix product of fewer rows or columns may be
added up in another order, so that the last bits of `matmul`, `linear`, `conv2d` and
`attend`, and of what follows from them, are those of the number of threads.  `fit`
takes one, always; how many batches run side by side changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar, copy_context
from functools import cache, partial
from itertools import pairwise
from threading import Lock
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

from minicvt.errors import OptionError
from minicvt.pool import Pool  # and with it NumPy's BLAS, before that is looked for

Item = TypeVar("Item")
Result = TypeVar("Result")

VARIABLE = "MINICVT_THREADS"

LEAST = 100_000
"""Nanoseconds of work that are worth a thread of their own."""

_width: ContextVar[int | None] = ContextVar("width", default=None)


def available() -> int:
    """Return how many cores this process may use, which may be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def width() -> int:
    """Return how many threads work may be split among here.

    What `limit` says, else MINICVT_THREADS, else one a core. Raises `OptionError` for
    a variable that is no number of threads.
    """
    return _width.get() or _asked() or available()


@contextmanager
def limit(threads: int) -> Iterator[None]:
    """Split work among at most ``threads`` threads inside a ``with`` block.

    BLAS has one thread in it, whoever calls it. Raises `OptionError` for fewer than
    one.
    """
    token = _width.set(_checked("threads", threads))
    try:
        with serial_blas():
            yield
    finally:
        _width.reset(token)


def share(
    function: Callable[[int, int], Any],
    count: int,
    nanoseconds: float,
    *,
    blas: bool = True,
) -> None:
    """Run ``function(first, last)`` for ranges that make up ``range(count)``.

    The ranges are disjoint and about as long as each other; each runs in a thread of
    its own, the first in the caller's. ``nanoseconds`` is about what all of it takes
    one thread: what is not worth it stays whole. The first error is raised when all
    have ended. Functions without a matrix product say ``blas=False``: to set BLAS'
    threads takes 2 us, and 10 where something else has just filled the cache.
    """
    number = parts(count, nanoseconds, LEAST)
    with serial_blas() if blas else nullcontext():
        if number < 2:
            function(0, count)
        else:
            ends = [count * part // number for part in range(number + 1)]
            pool().run(partial(_whole, function), list(pairwise(ends)))


def _whole(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call the function; nothing is split inside."""
    token = _width.set(1)
    try:
        return function(*arguments)
    finally:
        _width.reset(token)


def parts(count: int, nanoseconds: float, least: float) -> int:
    """Return among how many threads to split what takes one thread so long."""
    worth = int(nanoseconds / least)
    return max(1, min(width(), count, worth)) if worth > 1 else 1


def each(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    workers: int | None = None,
) -> list[Result]:
    """Return ``[function(item) for item in items]``, worked on side by side.

    One Python thread an item, at most ``workers`` at a time (default: `width`), and
    nothing is split further inside. Every thread sees what the caller has set in
    ``with`` blocks (`no_grad` and the like). The first error of ``function`` is raised.
    """
    waiting = list(items)
    count = min(workers or width(), len(waiting))
    if count <= 1:
        return [function(item) for item in waiting]

    with serial_blas(), ThreadPoolExecutor(count) as pool:
        tasks = [
            pool.submit(copy_context().run, _whole, function, item) for item in waiting
        ]
        return [task.result() for task in tasks]


def blas() -> list[dict[str, Any]]:
    """Return what each loaded BLAS says of itself: name, version, threads, file."""
    found: list[dict[str, Any]] = _blas().info()
    return found


class _SerialBlas:
    """Gives BLAS one thread while anybody is inside, and then back what it had.

    The count belongs to the whole process, hence the lock. It takes 1 us.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._before: list[int] = []

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                libraries = _blas().lib_controllers
                self._before = [library.get_num_threads() for library in libraries]
                self._set([1] * len(libraries))
            self._inside += 1

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._set(self._before)

    def _set(self, counts: list[int]) -> None:
        libraries = _blas().lib_controllers
        for library, count, had in zip(libraries, counts, self._before, strict=True):
            if had > 1:
                library.set_num_threads(count)


_serial_blas = _SerialBlas()


def serial_blas() -> _SerialBlas:
    """Give BLAS one thread inside a ``with`` block, in the whole process."""
    return _serial_blas


_pool = Pool()


def pool() -> Pool:
    """Return the threads of this process."""
    return _pool


def _forget_pool() -> None:
    """Start anew after a fork, which takes no threads along."""
    global _pool, _serial_blas
    _pool, _serial_blas = Pool(), _SerialBlas()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


def _asked() -> int | None:
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    if not text.isdecimal():
        raise OptionError(f"{VARIABLE}: expected a number, got {text!r}")
    return _checked(VARIABLE, int(text))


def _checked(name: str, threads: int) -> int:
    if threads < 1:
        raise OptionError(f"{name}: expected at least 1, got {threads}")
    return threads


@cache
def _blas() -> Any:
    """Find the loaded BLAS libraries; it takes 2 ms, setting their threads 1 us."""
    return ThreadpoolController().select(user_api="blas")
