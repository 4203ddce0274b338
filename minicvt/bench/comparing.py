"""Cases beside peers: the same answers first, then who is quicker."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from minicvt.bench.cases import Bar, Case
from minicvt.bench.chapters import SECONDS, Chapter
from minicvt.bench.couples import Couples, Setting
from minicvt.bench.known import OURS, PEERS, missing
from minicvt.bench.pairs import Pair
from minicvt.bench.ratios import Ratio
from minicvt.errors import MinicvtError

TOLERANCE = 5e-4
"""How far answers may lie apart, relative to the largest of them."""
INSTALL = ': python -m pip install "minicvt[bench]"'
BARRED = 2
"""The threads that bars are about."""


@dataclass(frozen=True)
class Outcome:
    """One case beside one peer; ``failed`` says why there is no ``pair``.

    So does ``absent``, where the peer cannot be asked at all. ``quantity`` is what was
    measured of both.
    """

    case: Case
    against: str
    threads: int
    pair: Pair | None = None
    failed: str = ""
    quantity: str = SECONDS
    absent: str = ""

    @property
    def bar(self) -> Bar | None:
        """What it should stay under, if that is about this peer and these threads."""
        return self.case.bars.get(self.against) if self.threads == BARRED else None

    @property
    def ratio(self) -> Ratio | None:
        """Ours over theirs."""
        return None if self.pair is None else self.pair.ratio(self.quantity)

    @property
    def medians(self) -> tuple[float, float] | None:
        """Median seconds or bytes of ours and of theirs."""
        if self.pair is None:
            return None
        ours, theirs = self.pair.values(self.quantity)
        return median(ours), median(theirs)


def compared(
    chapter: Chapter, cases: Sequence[Case], name: str, setting: Setting
) -> Iterator[Outcome]:
    """Yield every case beside one peer; where that cannot be, the reason.

    Raises ``OSError`` for a Python that is not there.
    """
    if not cases:
        return
    if reason := _absent(chapter, name, setting.python):
        yield from (
            Outcome(case, name, setting.threads, absent=reason) for case in cases
        )
        return
    sides = OURS, PEERS[name], chapter.kind
    with Couples(*sides, setting, chapter.keep) as couples:
        for case in cases:
            pair, failed = None, ""
            try:
                pair = beside(chapter, case, couples)
            except MinicvtError as error:
                failed = str(error)
            told = (pair, failed, chapter.quantity)
            yield Outcome(case, name, setting.threads, *told)


def _absent(chapter: Chapter, name: str, python: str | None) -> str:
    """Say why a peer cannot be asked at all; "" if it can."""
    peer = PEERS[name]
    if chapter.kind not in peer.files:
        return "it has nothing of the kind"
    lacking = missing(peer, python)
    return f"{' and '.join(lacking)} not installed{INSTALL}" if lacking else ""


def beside(chapter: Chapter, case: Case, couples: Couples) -> Pair:
    """Measure one case; raises ``MinicvtError`` if the answers differ."""
    with tempfile.TemporaryDirectory() as folder:
        chapter.prepare(Path(folder), case.options)
        pair = chapter.run(case.asked(folder), couples)
    ours, theirs = (np.array(told.pop("answers")) for told in pair.told)
    apart = far(ours, theirs)
    if not apart <= TOLERANCE:
        raise MinicvtError(f"the answers are not ours: {apart:.1e} apart")
    return pair


def far(ours: Any, theirs: Any) -> float:
    """Return max|a - b| / max|b|; infinite for other shapes."""
    if ours.shape != theirs.shape:
        return float("inf")
    return float(abs(ours - theirs).max() / abs(theirs).max())
