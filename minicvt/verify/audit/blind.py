"""What checks cannot see, and why: kinds of bug that pass them, with an example."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from minicvt.verify.audit.calls import CORNERED
from minicvt.verify.audit.checks import CHECKS
from minicvt.verify.audit.reach import reach_of
from minicvt.verify.audit.trial import Trial, is_engine

SUMS = ("one index", "every entry")
DIFFERENCES = (*SUMS, "direction", "Jacobian")
"""How gradients are checked elsewhere."""

SINGLE = tuple(name for name, check in CHECKS.items() if not check.once)
"""Checks that call one operation."""


class Blind(NamedTuple):
    """A blind spot: whose, why, and whether a bug is in it."""

    whose: str
    why: str
    holds: Callable[[Trial], bool]


def passes(trial: Trial, checks: Iterable[str]) -> bool:
    """Whether none of some checks sees a bug."""
    return not any(map(trial.caught, checks))


def _needs_a_cotangent(trial: Trial) -> bool:
    return passes(trial, SUMS) and trial.caught("direction")


def _only_another_implementation_tells(trial: Trial) -> bool:
    if is_engine(trial.mutant):
        return False
    return passes(trial, (*DIFFERENCES, "gradcheck")) and trial.caught("PyTorch")


def _in_a_corner(trial: Trial) -> bool:
    tells = _only_another_implementation_tells(trial)
    return tells and reach_of(trial.mutant).operations <= {*CORNERED}


def _there_and_back(trial: Trial) -> bool:
    tells = _only_another_implementation_tells(trial)
    return tells and reach_of(trial.mutant).shared


def _large_only(trial: Trial) -> bool:
    tells = _only_another_implementation_tells(trial)
    return tells and not _in_a_corner(trial) and not _there_and_back(trial)


def _writes(trial: Trial) -> bool:
    others = [name for name in SINGLE if name != "untouched"]
    return passes(trial, others) and trial.caught("untouched")


def _on_the_walk(trial: Trial) -> bool:
    return is_engine(trial.mutant) and passes(trial, SINGLE)


SPOTS = (
    Blind(
        "a sum as the loss",
        "every cotangent is one: a pullback that ignores it, or sends it to the wrong "
        "place, is right",
        _needs_a_cotangent,
    ),
    Blind(
        "differences",
        "they have nothing to say in a corner, where two maxima are equal or a ReLU is "
        "at 0: who gets the gradient, only another implementation can tell",
        _in_a_corner,
    ),
    Blind(
        "differences",
        "what is wrong there and back alike is the right derivative of the wrong "
        "function",
        _there_and_back,
    ),
    Blind(
        "differences",
        "they take small calls, which never get to what only large ones run",
        _large_only,
    ),
    Blind(
        "a single call",
        "nobody else has the cotangent that a pullback writes into; in a residual, the "
        "other branch has",
        _writes,
    ),
    Blind(
        "checks of operations",
        "each may be right, and the walk back between them wrong",
        _on_the_walk,
    ),
)


def spots(bugs: Sequence[Trial]) -> list[tuple[Blind, list[Trial]]]:
    """Return each blind spot with the bugs in it."""
    return [(spot, [t for t in bugs if spot.holds(t)]) for spot in SPOTS]
