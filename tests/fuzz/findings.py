"""What the cases of one operation came to, and whether that is good enough."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from minicvt.verify.operations import OPERATIONS
from tests.fuzz.cases import Case, Outcome, written
from tests.fuzz.cells import ENTRIES, cells
from tests.fuzz.refusals import Wrong

ENOUGH = 50
"""Cases in a cell; and answers before the float32 errors of one are judged."""

TIMES, UNITS = 4, 4
"""Our float32 error is at most so many times PyTorch's own, or so many units."""


class Findings:
    """Counts and worst cases of one operation, added up case by case."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.counts: Counter[str] = Counter()
        self.worst: tuple[float, str] = (0.0, "")
        self.units: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self.farthest: dict[str, tuple[float, str]] = defaultdict(lambda: (0.0, ""))
        self.wrong: list[Wrong] = []

    def add(self, case: Case, outcome: Outcome) -> None:
        """Take the outcome of a case in."""
        self.counts[written(case.cell)] += 1
        for answer, error in outcome.errors.items():
            self.worst = max(self.worst, (error, str(case)))
            if not error <= ENTRIES[self.name].tolerance.value:
                what = f"{answer} is off by {error:.1e}"
                self.wrong.append(Wrong(what, str(case)))
        for answer, units in outcome.units.items():
            kind = answer.split()[0] if self.name == "graph" else answer
            self.units[kind].append(units)
            self.farthest[kind] = max(self.farthest[kind], (units[0], str(case)))

    def crashed(self, case: Case, error: Exception) -> None:
        """Take in that a case raised."""
        first, *_ = str(error).splitlines() or [""]
        self.wrong.append(Wrong(f"{type(error).__name__}: {first}", str(case)))

    @property
    def cases(self) -> int:
        """How many cases gave an answer."""
        return self.counts.total()

    def quantiles(self) -> tuple[float, float]:
        """Return where float32 errors are compared: typically, and nearly at worst.

        One case in a hundred is left out, where what is left of large terms is small
        and whose last bit is right is luck: on any one, PyTorch's may be. Where several
        operations follow each other one in twenty is, as the later ones amplify what
        the first rounds.
        """
        return (0.5, 0.99 if self.name in OPERATIONS else 0.95)

    def float32(self) -> Iterator[tuple[str, float, float]]:
        """Yield, by answer and quantile, our error in units and PyTorch's own."""
        for answer, units in self.units.items():
            for quantile in self.quantiles() if len(units) >= ENOUGH else ():
                ours, theirs = np.quantile(units, quantile, axis=0)
                yield answer, float(ours), float(theirs)

    def float32_worst(self) -> tuple[float, float]:
        """Return our error and PyTorch's where ours is the most times larger."""
        pairs = [(ours, theirs) for _, ours, theirs in self.float32()]
        return max(pairs, key=lambda x: x[0] / max(x[1], 1), default=(0.0, 0.0))

    def thin_cells(self, each: int = ENOUGH) -> list[Wrong]:
        """List the cells with fewer cases than ``each``."""
        counts = {text: self.counts[text] for text in map(written, cells(self.name))}
        return [
            Wrong(f"{self.name}: the cell {text} has {count} cases, not {each}")
            for text, count in counts.items()
            if count < each
        ]

    def failures(self) -> list[Wrong]:
        """Say what is wrong."""
        inexact = [
            Wrong(
                f"{answer} is off by {ours:.0f} units in float32, PyTorch by "
                f"{theirs:.0f}",
                self.farthest[answer][1],
            )
            for answer, ours, theirs in self.float32()
            if not ours <= max(TIMES * theirs, UNITS)
        ]
        return self.wrong + inexact


def gathered(outcomes: Iterator[tuple[Case, Any]]) -> dict[str, Findings]:
    """Add up outcomes, or the errors that came instead, by operation."""
    found: dict[str, Findings] = {}
    for case, outcome in outcomes:
        findings = found.setdefault(case.name, Findings(case.name))
        if isinstance(outcome, Outcome):
            findings.add(case, outcome)
        else:
            findings.crashed(case, outcome)
    return found
