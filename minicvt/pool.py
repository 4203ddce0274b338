"""Python threads that wait for parts of a piece of work, and end with the process."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

import numpy as np


class Pool:
    """Threads that sleep until there is something to do.

    Before one goes to sleep it may ``linger``: a function that is given ``calls``, one
    number, and should return soon after that is not 0.
    """

    def __init__(self) -> None:
        self.linger: Callable[[Any], None] | None = None
        self.calls = np.zeros(1, np.int64)
        self._lock = Lock()
        self._tasks: SimpleQueue[Any] = SimpleQueue()
        self._workers = 0

    def grow(self, workers: int) -> None:
        """Have so many threads, or more."""
        while self._workers < workers:
            self._workers += 1
            Thread(target=self._work, name="minicvt", daemon=True).start()

    def wake(self, workers: int) -> None:
        """Have so many sleeping threads linger again."""
        for _ in range(workers):
            self._put(None)

    def run(self, function: Callable[[int, int], Any], ranges: list[Any]) -> None:
        """Call the function with the first range here, with the others in the pool.

        The first error is raised when all have ended.
        """
        self.grow(len(ranges) - 1)
        done: SimpleQueue[BaseException | None] = SimpleQueue()
        for part in ranges[1:]:
            self._put((function, part, done))
        errors = [_error(function, ranges[0])]
        errors += [done.get() for _ in ranges[1:]]
        for error in filter(None, errors):
            raise error

    def _put(self, task: Any) -> None:
        with self._lock:
            self.calls[0] += 1
        self._tasks.put(task)

    def _get(self) -> Any:
        task = self._tasks.get()
        with self._lock:
            self.calls[0] -= 1
        return task

    def _work(self) -> None:
        while True:
            if self.linger is not None:
                self.linger(self.calls)
            task = self._get()
            if task is not None:
                function, part, done = task
                done.put(_error(function, part))
                del function, part, done  # hold no arrays while asleep
            del task


def _error(function: Callable[[int, int], Any], part: Any) -> BaseException | None:
    try:
        function(*part)
    except BaseException as error:
        return error
    return None
