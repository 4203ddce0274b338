"""Two processes side by side, and how rounds are run in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

from minicvt.bench.party import Party, Peer

Couple = tuple[Party, Party]


@dataclass(frozen=True)
class Setting:
    """How rounds are run: how many, in how many pairs of processes, with what.

    ``python`` runs the peer, None for the Python that runs this. ``turn`` is what the
    slower party's turn takes at least, in seconds: what is quick runs often in it.
    ``note`` hears how far it is.
    """

    rounds: int
    processes: int
    threads: int
    python: str | None = None
    turn: float = 0.4
    note: Callable[[str], None] = lambda words: None

    def shares(self) -> list[int]:
        """Split the rounds over the processes, nearly evenly."""
        count = min(self.processes, self.rounds)
        ends = [self.rounds * i // count for i in range(count + 1)]
        return [last - first for first, last in pairwise(ends)]


class Couples:
    """Pairs of processes, new ones for every case unless they are kept.

    There are several, for what an address or an order of loading does to a process
    stays with it, and would be taken for the library's.
    """

    def __init__(
        self, ours: Peer, theirs: Peer, kind: str, setting: Setting, keep: bool
    ) -> None:
        self.kind, self.setting = kind, setting
        self._who = ((ours, None), (theirs, setting.python))
        self._keep, self._kept, self._stack = keep, list[Couple](), ExitStack()

    def __enter__(self) -> Self:
        if self._keep:
            shares = self.setting.shares()
            self._kept = [self._stack.enter_context(self.couple()) for _ in shares]
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.close()

    def party(self, who: int) -> Party:
        """Start one of them."""
        peer, python = self._who[who]
        return Party(peer, self.kind, self.setting.threads, python)

    @contextmanager
    def couple(self) -> Iterator[Couple]:
        """Start both."""
        with self.party(0) as ours, self.party(1) as theirs:
            yield ours, theirs

    def __iter__(self) -> Iterator[Couple]:
        if self._keep:
            yield from self._kept
            return
        for _ in self.setting.shares():
            with self.couple() as both:
                yield both
