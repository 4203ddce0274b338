"""What came of all trials: bugs by kind and family, and edits that are none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from minicvt.verify.audit.checks import CHECKS, ENGINE_CHECKS
from minicvt.verify.audit.equivalents import shown
from minicvt.verify.audit.mutant import Mutant
from minicvt.verify.audit.reach import reach_of
from minicvt.verify.audit.trial import Trial, is_engine
from minicvt.verify.operations import OPERATIONS

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
FAMILIES |= {"multiplication": "products"}
"""Of modules that are not called what their family is."""


def kind(mutant: Mutant) -> str:
    """Say of which of ``KINDS`` a mutant is."""
    if is_engine(mutant):
        return "engine"
    if mutant.by_hand:
        return "by hand"
    return "shared" if reach_of(mutant).shared else "mechanical"


def family(mutant: Mutant) -> str:
    """Name the family of operations that a mutant belongs to."""
    if is_engine(mutant):
        return "engine"
    name = mutant.module.split(".")[2]
    return FAMILIES.get(name, name)


def own_bugs(mutants: Iterable[Mutant]) -> Counter[str]:
    """Count, for each operation, bugs in what no other operation runs.

    One of several results is made of others: what they run is theirs.
    """
    found = Counter(dict.fromkeys(OPERATIONS, 0))
    made_of_others = {name for name, entry in OPERATIONS.items() if entry.several}
    for mutant in mutants:
        if not is_engine(mutant):
            operations = reach_of(mutant).operations
            owners = operations - made_of_others or operations
            found.update(owners if len(owners) == 1 else ())
    return found


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
        elif trial.survives and shown(trial.mutant):
            found.equivalent.append(trial)
        else:
            found.bugs.append(trial)
            found.survivors.extend([trial] if trial.survives else [])
    return found
