"""Mutants that change nothing: each with the reason, and the reason with a measurement.

A reason is given for the survivors among the edits of a function whose edited line
contains a fragment. Answers must then be the same in calls of all the operations that
run it: to the bit, or where sums are cut elsewhere to rounding.
"""

from __future__ import annotations

from functools import cache
from itertools import product

from minicvt import kernels
from minicvt.verify.audit import suite
from minicvt.verify.audit.calls import any_call
from minicvt.verify.audit.mutant import Mutant, planted
from minicvt.verify.audit.reach import reach_of
from minicvt.verify.audit.trial import body_of, is_engine, steady
from minicvt.verify.operations import OPERATIONS
from minicvt.verify.oracle import relative_error

ANYWHERE = ""

REASONS: dict[str, tuple[tuple[str, str], ...]] = {
    "NumPy takes any negative length for the one that it has to find.": (
        ("Convolution._unfold", "-2"),
        ("_matrix", "-2"),
        ("_merge", "-2"),
        ("_oihw", "-2"),
        ("_split", "-2"),
        ("_apply", "-2"),
    ),
    "How many images go through at a time changes memory, and the sum's rounding.": (
        ("_parts", "image ="),
        ("_parts", "images ="),
    ),
    "How long it may take decides how many threads share it, and nothing else.": (
        ("nanoseconds", "return"),
        (ANYWHERE, "nanoseconds("),
    ),
    "More padding at the end than the last window needs: never read, and cut off.": (
        ("_end", "max(p,"),
    ),
    "What is left of the rows the engine adds up, as it does behind broadcasting.": (
        ("_with_bias", "dx.ndim - 2"),
    ),
    "astype copies again: the cotangent was copied twice.": (("_seed", "np.asarray"),),
}

CALLS = 200
"""In which answers are compared."""

ROUNDING = 1e-14
"""How far apart, relatively, sums may be that are added up in another order."""

PART_BYTES = 512
"""Of windows at a time, here: so that small calls too go through in several parts."""


def reason(mutant: Mutant) -> str | None:
    """Return why a survivor is no bug, or None."""
    for why, places in REASONS.items():
        for function, fragment in places:
            if function in (ANYWHERE, mutant.function) and fragment in mutant.edited:
                return why
    return None


def shown(mutant: Mutant) -> bool:
    """Whether a survivor has a reason, and the measurement agrees."""
    return bool(reason(mutant)) and largest_difference(mutant) < ROUNDING


@cache
def largest_difference(mutant: Mutant) -> float:
    """Return the largest relative error between answers with the edit and without."""
    names = OPERATIONS if is_engine(mutant) else reach_of(mutant).operations
    rounds = range(-(-CALLS // len(names)))
    calls = [any_call(name, number) for name, number in product(sorted(names), rounds)]
    with steady(), kernels.use(body_of(mutant)), suite.in_parts_of(PART_BYTES):
        healthy = [suite.answers(call) for call in calls]
        with planted(mutant):
            edited = [suite.answers(call) for call in calls]
    pairs = zip(edited, healthy, strict=True)
    return max(relative_error(new[key], old[key]) for new, old in pairs for key in old)
