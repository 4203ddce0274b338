"""What came of all trials: bugs by kind and family, and how many each check catches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from minicvt.verify.audit.checks import CHECKS, ENGINE_CHECKS
from minicvt.verify.audit.equivalents import reason
from minicvt.verify.audit.mutant import Mutant
from minicvt.verify.audit.reach import Place, reached
from minicvt.verify.audit.trial import Trial, is_engine

ALL_CHECKS = CHECKS | ENGINE_CHECKS
OURS = [name for name, check in ALL_CHECKS.items() if check.ours]

KINDS = {
    "by hand": "thought of by a person, in a pullback or in what it calls",
    "mechanical": "made at every site that only the way back runs",
    "shared": "made so where the way to the output runs too: what is wrong there may "
    "be wrong consistently, and is then no wrong derivative",
    "engine": "thought of by a person, in the tape, the walk back and the Tensors",
}
"""Four kinds of bug."""

FAMILIES = {"strided": "convolution", "unfolding": "convolution"}
FAMILIES |= {"depthwise": "convolution", "linear": "products"}
"""Of modules that are not called what their family is."""


def kind(mutant: Mutant) -> str:
    """Say of which of ``KINDS`` a mutant is."""
    if is_engine(mutant):
        return "engine"
    if mutant.by_hand:
        return "by hand"
    reach = reached()[Place(mutant.module, mutant.function)]
    return "shared" if reach.whole and reach.there else "mechanical"


def family(mutant: Mutant) -> str:
    """Name the family of operations that a mutant belongs to."""
    if is_engine(mutant):
        return "engine"
    name = mutant.module.split(".")[2]
    return FAMILIES.get(name, name)


class Outcome(NamedTuple):
    """Trials by what they mean; ``survivors`` are among ``bugs``."""

    bugs: list[Trial]
    survivors: list[Trial]
    equivalent: list[Trial]
    raising: list[Trial]


def outcome(trials: Iterable[Trial]) -> Outcome:
    """Tell bugs from edits that change nothing, and from what nobody could overlook."""
    found = Outcome([], [], [], [])
    for trial in trials:
        if trial.raises:
            found.raising.append(trial)
        elif trial.survives and reason(trial.mutant):
            found.equivalent.append(trial)
        else:
            found.bugs.append(trial)
            found.survivors.extend([trial] if trial.survives else [])
    return found


def share(
    trials: Sequence[Trial], checks: Iterable[str], calls: float = float("inf")
) -> str:
    """Return how many percent any of some checks catches, within so many calls."""
    names = list(checks)
    caught = [any(_within(t.calls.get(n), calls) for n in names) for t in trials]
    return f"{sum(caught) / len(caught):.1%}" if caught else ""


def _within(call: int | None, calls: float) -> bool:
    return call is not None and call <= calls
