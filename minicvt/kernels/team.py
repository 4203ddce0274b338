"""Compiled kernels that threads share without Python's lock.

A Python thread that sleeps takes 50 us to wake up, and then wants the lock (GIL) that
who woke it still holds: kernels of a small model are over before.  So helpers wait in
compiled code.  Work is written on a board: a function's address, its arguments, and in
how many pieces to do it.  Who waits there sees it at once, claims a piece, does it and
claims another.  So does the caller, and a helper who is late or asleep costs nothing.
A split takes 2 us so, instead of 60.

Who waits keeps a core busy: after `PATIENCE` a helper goes to sleep, as a thread of
the pool in `threads`, until it is woken for larger work.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from functools import cache, partial
from threading import Lock
from typing import Any

import numpy as np

from minicvt import threads
from minicvt.kernels.atomics import get, pause
from minicvt.kernels.board import (
    DONE,
    FAILED,
    MOST,
    PATIENCE,
    WORDS,
    help_out,
    offer,
    writing,
)
from minicvt.kernels.jit import disabled, jit_in_place
from minicvt.kernels.types import Array

LEAST, WAKING = 5_000, 20_000
"""Nanoseconds of work worth a helper who waits, and worth 20 us to wake one."""

Shared = Callable[..., None]


def shared(body: Callable[..., None], fastmath: Collection[str] = ()) -> Shared:
    """Compile a function whose last arguments are ``first`` and ``last``.

    What is returned is called with the length of the range, about how many nanoseconds
    all of it takes one thread, and the other arguments; threads share the range where
    that is worth it.  ``fastmath`` is what Numba may do to the function's floats.
    """
    if disabled():
        return partial(_in_python, body)
    compiled = jit_in_place(offering(body, fastmath), named=body)

    def run(count: int, nanoseconds: float, *arguments: Any) -> None:
        _team().run(compiled, count, nanoseconds, arguments)

    return run


def _in_python(
    body: Callable[..., None], count: int, nanoseconds: float, *arguments: Any
) -> None:
    threads.share(partial(body, *arguments), count, nanoseconds, blas=False)


def offering(
    body: Callable[..., None], fastmath: Collection[str] = ()
) -> Callable[..., bool]:
    """Return a function that writes the body's work on a board, and offers it."""
    write = writing(body, fastmath)

    def run(board: Array, count: int, pieces: int, *arguments: Any) -> bool:
        write(board, arguments)
        return offer(board, count, pieces)

    return run


@jit_in_place
def wait(board: Array, calls: Array) -> None:
    """Help with what is offered, until nothing is for a while, or somebody calls."""
    idle = 0
    while idle < PATIENCE and get(calls, 0) == 0:
        pause()
        idle = 0 if help_out(board, False) else idle + 1


class Team:
    """A board, and how many wait there."""

    def __init__(self) -> None:
        self.board = np.zeros(WORDS, np.int64)
        self.waiting: list[None] = []  # whose length changes as one
        self._busy = Lock()

    def run(
        self, compiled: Any, count: int, nanoseconds: float, arguments: Any
    ) -> None:
        """Do a kernel's work, with others if that is worth it and nobody else does."""
        pieces = min(threads.parts(count, nanoseconds, LEAST), MOST - 1)
        if not self._busy.acquire(blocking=False):
            finish(compiled, np.zeros(WORDS, np.int64), count, 1, arguments)
            return
        try:
            pieces = self._gathered(pieces, nanoseconds) if pieces > 1 else 1
            finish(compiled, self.board, count, pieces, arguments)
        finally:
            self._busy.release()

    def _gathered(self, pieces: int, nanoseconds: float) -> int:
        """Wake who is missing, or return 1 if that is not worth it."""
        missing = pieces - 1 - len(self.waiting)
        if missing > 0:
            if nanoseconds < WAKING:
                return 1
            pool = threads.pool()
            if pool.linger is None:
                wait(self.board, np.ones(1, np.int64))  # compiled before it is needed
                pool.linger = self._linger
            pool.grow(pieces - 1)
            pool.wake(missing)
        return pieces

    def _linger(self, calls: Array) -> None:
        self.waiting.append(None)
        wait(self.board, calls)
        self.waiting.pop()


def finish(
    compiled: Any, board: Array, count: int, pieces: int, arguments: Any
) -> None:
    """Do what is written on the board, and see that all of it is done."""
    done = compiled(board, count, pieces, *arguments)
    while not done:  # a helper's core is somebody else's for a moment
        time.sleep(0)
        done = board[DONE] == pieces
    if board[FAILED]:
        raise MemoryError("a kernel found no memory for what it needs on the way")


@cache
def _team() -> Team:
    return Team()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_team.cache_clear)
