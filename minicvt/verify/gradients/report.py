"""What a check of gradients found: rows, the worst first, and a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from minicvt.errors import WrongGradient
from minicvt.tables import table

SHOWN = 8


class Probe(NamedTuple):
    """One derivative, computed twice.

    ``along`` is a direction's name, or the index of an entry: what ``got`` and
    ``expected`` are derivatives by. ``error`` is |got - expected| by the scale of the
    input's gradient; ``uncertainty`` the same of ``expected`` alone.
    """

    input: str
    along: str
    got: float
    expected: float
    error: float
    uncertainty: float = 0.0


@dataclass(frozen=True)
class Report:
    """Every probe of a check, worst first; ``ok`` if none is off by more."""

    name: str
    probes: tuple[Probe, ...]
    tolerance: float
    method: str

    @property
    def worst(self) -> Probe | None:
        """The probe with the largest error, None where there was nothing to probe."""
        return self.probes[0] if self.probes else None

    @property
    def ok(self) -> bool:
        """Whether every error is within the tolerance."""
        return all(probe.error <= self.tolerance for probe in self.probes)

    def check(self) -> Report:
        """Return the report itself, or raise ``WrongGradient`` with it."""
        if not self.ok:
            raise WrongGradient(str(self))
        return self

    def __str__(self) -> str:
        wrong = [probe for probe in self.probes if not probe.error <= self.tolerance]
        lines = [self._verdict(wrong)]
        if self.probes:
            head = ("input", "along", "backward", self.method, "relative error")
            shown = [_row(probe) for probe in self.probes[:SHOWN]]
            lines += ["", table(head, shown)]
        if more := len(self.probes) - SHOWN:
            lines += [f"and {more} more, none worse"] if more > 0 else []
        if any(probe.uncertainty > self.tolerance for probe in wrong):
            lines += ["", UNSURE.format(self.method)]
        return "\n".join(lines)

    __repr__ = __str__

    def _verdict(self, wrong: list[Probe]) -> str:
        count, limit = len(self.probes), f"{self.tolerance:.0e}"
        if not self.worst:
            return f"{self.name}: nothing to check, all inputs are empty"
        if not wrong:
            return f"{self.name}: all {count} agree within {limit}"
        first = wrong[0]
        return (
            f"{self.name}: {len(wrong)} of {count} differ by more than {limit}; "
            f"{first.input}, {first.along}: expected {first.expected:.9g}, "
            f"got {first.got:.9g}"
        )


UNSURE = """\
The {} disagree among themselves here: the function has a corner or a jump \
nearby, or too few digits."""


def _row(probe: Probe) -> tuple[str, ...]:
    values = (f"{probe.got:.9g}", f"{probe.expected:.9g}")
    return probe.input, probe.along, *values, f"{probe.error:.1e}"


def reported(name: str, probes: list[Probe], tolerance: float, method: str) -> Report:
    """Sort the probes, what is not a number first."""
    by_error = sorted(probes, key=lambda p: -np.nan_to_num(p.error, nan=np.inf))
    return Report(name, tuple(by_error), tolerance, method)
