"""What a sweep is made of: sizes, what each costs, and how long it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from minicvt.accounting.growth.timing import medians
from minicvt.accounting.ledger import Ledger
from minicvt.kernels.types import Array
from minicvt.nn import evaluation
from minicvt.tensor import Tensor

Runs = dict[tuple[str, int], Callable[[], object]]
"""What is timed, by curve and size."""


@dataclass(frozen=True)
class Sample:
    """One size: multiply-adds of a pass, bytes kept for backward, seconds of a pass."""

    size: int
    macs: int
    kept: int
    seconds: float | None = None


@dataclass(frozen=True)
class Curve:
    """One model, or layer, at every size."""

    name: str
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Sweep:
    """Curves side by side: ``letter`` is what is varied, ``title`` says where."""

    title: str
    letter: str
    curves: tuple[Curve, ...]


def sample(size: int, ledger: Ledger) -> Sample:
    """Take what counts from the ledger of one pass that was recorded."""
    return Sample(size, ledger.total("macs", "forward"), ledger.total("kept"))


def forward(module: Any, x: Array) -> Callable[[], object]:
    """Return what runs a module in evaluation, without a tape."""

    def body() -> object:
        with evaluation(module):
            return module(Tensor(x))

    return body


def timed(curves: Sequence[Curve], runs: Runs, rounds: int) -> tuple[Curve, ...]:
    """Fill in the seconds of what can run; of nothing in 0 rounds."""
    if not rounds:
        return tuple(curves)
    found = dict(zip(runs, medians(list(runs.values()), rounds), strict=True))
    return tuple(_with_seconds(curve, found) for curve in curves)


def _with_seconds(curve: Curve, found: Mapping[tuple[str, int], float]) -> Curve:
    seconds = (found.get((curve.name, s.size)) for s in curve.samples)
    pairs = zip(curve.samples, seconds, strict=True)
    return replace(curve, samples=tuple(replace(s, seconds=t) for s, t in pairs))
