"""Where the time of a forward or a step goes, operation by operation.

Nothing in the engine measures: events say when an operation or a pullback has ended
(:mod:`minicvt.observe`), and what lies between two of them is the later one's, with the
Python around it. The ledger says what each had to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from minicvt.accounting import Entry, count
from minicvt.observe import Event, ModuleEvent, observe

WARM = 2
Body = Callable[[], object]


@dataclass(frozen=True)
class Ceilings:
    """Multiply-adds and bytes a second that this machine can do."""

    macs: float
    bytes: float

    def floor(self, entry: Entry) -> float:
        """Return the seconds that an operation takes at least.

        That of its products or that of what it moves, whichever is longer.
        """
        moved = entry.read + entry.written
        return max(entry.macs / self.macs, moved / self.bytes)


@dataclass(frozen=True)
class Line:
    """All calls of one operation in one direction, in a run."""

    operation: str
    direction: str
    calls: int
    macs: int
    moved: int
    floor: float
    seconds: float

    @property
    def roofline(self) -> float:
        """How near it is to what the machine can do; over 1 where a cache helps."""
        return self.floor / self.seconds


@dataclass(frozen=True)
class Profile:
    """A run by operation; ``rest`` is what comes after the last of them.

    ``alone`` are the seconds of a run that nobody observes.
    """

    name: str
    lines: tuple[Line, ...]
    rest: float
    alone: float

    @property
    def seconds(self) -> float:
        """All that was observed."""
        return sum(line.seconds for line in self.lines) + self.rest


class Clock:
    """Seconds from one event to the next, of one run."""

    def __init__(self, body: Body) -> None:
        self.spans: list[float] = []
        self._module = 0.0
        self._last = time.perf_counter()
        with observe(self._note):
            body()
        self.rest = time.perf_counter() - self._last + self._module

    def _note(self, event: Event) -> None:
        span = time.perf_counter() - self._last + self._module
        if isinstance(event, ModuleEvent):  # its operations have been noted
            self._module = span
        else:
            self.spans.append(span)
            self._module = 0.0
        self._last = time.perf_counter()


def profile(name: str, body: Body, ceilings: Ceilings, rounds: int) -> Profile:
    """Run ``body`` and say where its time goes, in medians over the rounds."""
    for _ in range(WARM):
        body()
    with count() as ledger:
        body()
    alone, clocks = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        body()
        alone.append(time.perf_counter() - start)
        clocks.append(Clock(body))
    spans = [median(s) for s in zip(*(c.spans for c in clocks), strict=True)]
    lines = tuple(_lines(ledger.entries, spans, ceilings))
    rest = median(clock.rest for clock in clocks)
    return Profile(name, lines, rest, median(alone))


def _lines(
    entries: list[Entry], spans: list[float], ceilings: Ceilings
) -> Iterator[Line]:
    """Add up what was done under the same name, the slowest first."""
    groups: dict[tuple[str, str], list[tuple[Entry, float]]] = {}
    for entry, span in zip(entries, spans, strict=True):
        groups.setdefault((entry.operation, entry.direction), []).append((entry, span))
    slowest = sorted(groups.items(), key=lambda g: -sum(span for _, span in g[1]))
    for (operation, direction), calls in slowest:
        done = [entry for entry, _ in calls]
        yield Line(
            operation,
            direction,
            len(calls),
            sum(entry.macs for entry in done),
            sum(entry.read + entry.written for entry in done),
            sum(map(ceilings.floor, done)),
            sum(span for _, span in calls),
        )
