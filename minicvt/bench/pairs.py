"""Rounds: two parties in turns, first one ahead, then the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from math import ceil
from typing import Any

from minicvt.bench.party import Party, Peer
from minicvt.bench.ratios import Ratio, ratio

TURN = 0.4
"""Seconds that the slower party's turn takes at least: what is quick runs often."""
PAUSE = 0.05
"""Seconds between turns, in which the threads of the other's pool go to sleep."""
WARM = 2
"""Turns of each before those that count: of one run, then of what seems to fill one."""

Told = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """How rounds are run: how many, in how many pairs of processes, by whom.

    ``python`` runs the peer, None for the Python that runs this. ``note`` hears how
    far it is.
    """

    rounds: int
    processes: int
    threads: int
    python: str | None = None
    note: Callable[[str], None] = lambda words: None

    def shares(self) -> list[int]:
        """Split the rounds over the processes, nearly evenly."""
        count = min(self.processes, self.rounds)
        return [
            self.rounds * (i + 1) // count - self.rounds * i // count
            for i in range(count)
        ]


@dataclass(frozen=True)
class Pair:
    """What two parties took, round by round, and what each told when it was built."""

    ours: tuple[Told, ...]
    theirs: tuple[Told, ...]
    told: tuple[Told, Told]

    def values(self, quantity: str) -> tuple[list[float], list[float]]:
        """Return seconds (``wall``, ``cpu``) or bytes (``peak``) of ours and theirs."""
        ours, theirs = ([t[quantity] for t in x] for x in (self.ours, self.theirs))
        return ours, theirs

    def ratio(self, quantity: str) -> Ratio:
        """Compare them, round by round."""
        return ratio(*self.values(quantity))


def paired(case: Mapping[str, Any], ours: Peer, theirs: Peer, setting: Setting) -> Pair:
    """Run all rounds of one case.

    New processes every few rounds: what an address or an order of loading does to a
    process stays with it, and would be taken for the library's.
    """
    rounds: list[tuple[Told, Told]] = []
    told: tuple[Told, Told] = ({}, {})
    for share in setting.shares():
        with ExitStack() as stack:
            first = stack.enter_context(Party(ours, setting.threads))
            second = stack.enter_context(Party(theirs, setting.threads, setting.python))
            told = (first.build(case), second.build(case))
            for turns in _rounds(first, second, share, len(rounds)):
                rounds.append(turns)
                setting.note(f"{case['name']}: round {len(rounds)}/{setting.rounds}")
    a, b = zip(*rounds, strict=True)
    return Pair(a, b, told)


def _rounds(
    ours: Party, theirs: Party, count: int, done: int
) -> Iterator[tuple[Told, Told]]:
    """Yield the turns of both, who starts alternating."""
    parties = (ours, theirs)
    times = _filling(parties)
    for number in range(done, done + count):
        turns: list[Told] = [{}, {}]
        for who in (0, 1) if number % 2 == 0 else (1, 0):
            time.sleep(PAUSE)
            turns[who] = parties[who].time(times)
        yield turns[0], turns[1]


def _filling(parties: tuple[Party, Party]) -> int:
    """Warm both up, and return how many runs fill a turn."""
    times = 1
    for _ in range(WARM):
        slowest = max(party.time(times)["wall"] for party in parties)
        times = ceil(TURN / max(slowest, 1e-9))
    return times
