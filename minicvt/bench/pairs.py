"""Rounds: two parties in turns, who goes first alternating."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from minicvt.bench.couples import Couple, Couples
from minicvt.bench.ratios import Ratio, ratio

PAUSE = 0.05
"""Seconds between turns, in which the threads of the other's pool go to sleep."""
WARM = 2
"""Turns of each before those that count: of one run, then of what seems to fill one."""

Told = dict[str, Any]
Turns = tuple[Told, Told]


@dataclass(frozen=True)
class Pair:
    """What two parties took, round by round, and what each told when it was built."""

    ours: tuple[Told, ...]
    theirs: tuple[Told, ...]
    told: Turns

    def values(self, quantity: str) -> tuple[list[float], list[float]]:
        """Return seconds (``wall``, ``cpu``) or bytes (``peak``) of ours and theirs."""
        ours, theirs = ([t[quantity] for t in x] for x in (self.ours, self.theirs))
        return ours, theirs

    def ratio(self, quantity: str) -> Ratio:
        """Compare them, round by round."""
        return ratio(*self.values(quantity))


def warm(case: Told, couples: Couples) -> Pair:
    """Run all rounds of a case in processes that have run it before."""
    setting = couples.setting
    rounds: list[Turns] = []
    for couple, share in zip(couples, setting.shares(), strict=True):
        told = (couple[0].build(case), couple[1].build(case))
        times = _filling(couple, setting.turn)
        for _ in range(share):
            rounds.append(_turns(len(rounds), lambda who: couple[who].time(times)))  # noqa: B023
            setting.note(f"{case['name']}: round {len(rounds)} of {setting.rounds}")
    return _pair(rounds, told)


def fresh(case: Told, couples: Couples) -> Pair:
    """Run every round in a new process: ``wall`` is from its start to its answers.

    One round beforehand reads files and compiles what is not yet in a cache.
    """
    setting = couples.setting
    told: dict[int, Told] = {}

    def turn(who: int) -> Told:
        with couples.party(who) as party:
            told[who] = party.build(case)
            wall = time.perf_counter() - party.begun
            return {"wall": wall, "peak": party.time(1)["peak"]}

    rounds = []
    for number in range(setting.rounds + 1):
        rounds.append(_turns(number, turn))
        setting.note(f"{case['name']}: round {number} of {setting.rounds}")
    return _pair(rounds[1:], (told[0], told[1]))


def _turns(number: int, turn: Callable[[int], Told]) -> Turns:
    """Let both have their turn, the peer first in every other round."""
    turns: dict[int, Told] = {}
    for who in (0, 1) if number % 2 == 0 else (1, 0):
        time.sleep(PAUSE)
        turns[who] = turn(who)
    return turns[0], turns[1]


def _pair(rounds: Sequence[Turns], told: Turns) -> Pair:
    ours, theirs = zip(*rounds, strict=True)
    return Pair(ours, theirs, told)


def _filling(couple: Couple, turn: float) -> int:
    """Warm both up, and return how many runs fill a turn."""
    times = 1
    for _ in range(WARM):
        slowest = max(party.time(times)["wall"] for party in couple)
        times = ceil(turn / max(slowest, 1e-9))
    return times
