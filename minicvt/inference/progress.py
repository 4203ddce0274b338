"""How far an evaluation is."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TextIO

from minicvt.inference.evaluate import scores
from minicvt.inference.records import Record
from minicvt.train.progress import clock, show


class Progress:
    """Show how far it is: on one line that is rewritten, or line by line in a file.

    The first call, before any work, starts the clock.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.begun = 0
        self.since: float | None = None

    def __call__(self, records: Sequence[Record], total: int) -> None:
        """Show the ``records`` so far, of ``total``."""
        done = len(records)
        if self.since is None:
            self.begun, self.since = done, time.perf_counter()
        line = progress_line(records, total, self._left(done, total))
        show(line, self.stream, last=done >= total)

    def _left(self, done: int, total: int) -> float | None:
        """Seconds that the rest takes at the speed so far."""
        if self.since is None or done == self.begun:
            return None
        each = (time.perf_counter() - self.since) / (done - self.begun)
        return (total - done) * each


def progress_line(records: Sequence[Record], total: int, left: float | None) -> str:
    """Records done, top-1 of each dialect so far, and time left."""
    parts = [f"{len(records):{len(str(total))}}/{total} answers"]
    parts += [
        f"{dialect} {s.top1.value:6.1%}" for dialect, s in scores(records).items()
    ]
    return "  ".join(parts + ([] if left is None else [f"{clock(left)} left"]))
