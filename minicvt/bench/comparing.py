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
from minicvt.bench.known import OURS, PEERS, missing
from minicvt.bench.pairs import Pair, Setting, paired
from minicvt.bench.ratios import Ratio
from minicvt.bench.subjects import prepare
from minicvt.errors import MinicvtError

TOLERANCE = 5e-4
"""How far answers may lie apart, relative to the largest of them."""
BARRED = 2
"""The threads that bars are about."""
SECONDS, BYTES = "wall", "peak"


@dataclass(frozen=True)
class Outcome:
    """One case beside one peer; ``failed`` says why there is no ``pair``.

    ``quantity`` is what was measured of both.
    """

    case: Case
    against: str
    threads: int
    pair: Pair | None = None
    failed: str = ""
    quantity: str = SECONDS

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
    cases: Sequence[Case], against: Sequence[str], setting: Setting
) -> Iterator[Outcome]:
    """Yield every case beside every peer; one that is not here, or fails, says so."""
    absent = {name: missing(PEERS[name], setting.python) for name in against}
    for case in cases:
        for name in against:
            pair, failed = None, ""
            if lacking := absent[name]:
                failed = f"{' and '.join(lacking)} not installed"
            else:
                try:
                    pair = beside(case, name, setting)
                except MinicvtError as error:
                    failed = str(error)
            yield Outcome(case, name, setting.threads, pair, failed)


def beside(case: Case, name: str, setting: Setting) -> Pair:
    """Time one case beside one peer; raises ``MinicvtError`` if answers differ."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), case.options)
        pair = paired(case.asked(folder), OURS, PEERS[name], setting)
    ours, theirs = (np.array(told.pop("answers")) for told in pair.told)
    apart = far(ours, theirs)
    if not apart <= TOLERANCE:
        raise MinicvtError(
            f"{case.name}: {PEERS[name].name} answers something else, by {apart:.1e}"
        )
    return pair


def far(ours: Any, theirs: Any) -> float:
    """Return max|a - b| / max|b|; infinite for other shapes."""
    if ours.shape != theirs.shape:
        return float("inf")
    return float(abs(ours - theirs).max() / abs(theirs).max())
