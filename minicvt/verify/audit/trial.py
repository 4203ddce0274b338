"""One mutant's trial: it is planted, and each kind of check says what it sees."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from itertools import product
from typing import NamedTuple

import numpy as np

from minicvt import kernels
from minicvt.verify.audit import reach, suite
from minicvt.verify.audit.calls import (
    WINDOWED,
    WINDOWS,
    any_call,
    small_call,
    window_call,
)
from minicvt.verify.audit.checks import CHECKS, ENGINE_CHECKS, Check
from minicvt.verify.audit.mutant import Mutant, planted
from minicvt.verify.operations import OPERATIONS

CALLS = 25
"""Of each operation that a check may take, as many as Hypothesis takes examples."""

ENGINE_CALLS = 3
"""The same for a bug in the engine, which every operation runs."""

PLAIN_CALLS = 3
"""Within which a mutant that raises is one that nobody could overlook."""


class Trial(NamedTuple):
    """What came of one mutant.

    ``calls`` has, for each check, the call that gave the bug away, from 1, or None;
    nothing for a check that does not run what was mutated. ``raises``: it cannot be
    overlooked, and was not tried.
    """

    mutant: Mutant
    calls: Mapping[str, int | None]
    raises: bool = False

    def caught(self, check: str) -> bool:
        """Whether a kind of check sees the bug."""
        return self.calls.get(check) is not None

    @property
    def survives(self) -> bool:
        """Whether nothing of our own suite sees it."""
        ours = (name for name, check in ENGINE_CHECKS.items() if check.ours)
        return not self.raises and not any(map(self.caught, [*ours, "windows"]))


def prepare() -> None:
    """Draw all calls and ask PyTorch, before anything is planted."""
    suite.pytorch().set_num_threads(1)
    with steady():
        reach.reached()
        reach.of_fixtures()
        for name, number in product(OPERATIONS, range(CALLS)):
            small_call(name, number)
            suite.their_answers(name, number, any_call)
        for name, number in product(WINDOWED, range(len(WINDOWS))):
            suite.their_answers(name, number, window_call)


@contextmanager
def steady() -> Iterator[None]:
    """Let NumPy's bodies run, without a word."""
    with kernels.use("numpy"), np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def attempt(mutant: Mutant) -> Trial:
    """Try a mutant, and see that it has left nothing behind.

    Raises ``RuntimeError`` if it has: the next trial would answer for two bugs.
    """
    with steady():
        tried = _engine if is_engine(mutant) else _pullback
        found = copy_context().run(tried, mutant)
        if not all(suite.like_pytorch(name, 0) for name in OPERATIONS):
            raise RuntimeError(f"{mutant} has left something behind")
    return found


def is_engine(mutant: Mutant) -> bool:
    """Whether all operations go through the mutated function."""
    return mutant.module in ("minicvt.tensor", "minicvt.node", *reach.MACHINERY)


def body_of(mutant: Mutant) -> str:
    """Name the kernel body that runs the mutated function."""
    return "loops" if mutant.module.endswith(".loops") else "numpy"


def _engine(mutant: Mutant) -> Trial:
    with planted(mutant):
        return Trial(mutant, _asked(ENGINE_CHECKS, OPERATIONS, ENGINE_CALLS))


def _pullback(mutant: Mutant) -> Trial:
    place = reach.Place(mutant.module, mutant.function)
    operations = sorted(reach.reach_of(mutant).operations)
    checks = {
        name: check
        for name, check in CHECKS.items()
        if (place in reach.of_fixtures() if check.once else _any(check, operations))
    }
    with kernels.use(body_of(mutant)), planted(mutant):
        if not mutant.by_hand and _raises(operations):
            return Trial(mutant, {}, raises=True)
        return Trial(mutant, _asked(checks, operations, CALLS))


def _any(check: Check, operations: Iterable[str]) -> bool:
    return not set(check.only).isdisjoint(operations)


def _raises(operations: Iterable[str]) -> bool:
    """Whether the first calls already fail, without anything being compared."""
    try:
        for number, name in product(range(PLAIN_CALLS), operations):
            call = small_call(name, number)
            call.gradients(call.sample.cotangent)
    except Exception:
        return True
    return False


def _asked(
    checks: Mapping[str, Check], operations: Iterable[str], calls: int
) -> dict[str, int | None]:
    return {name: c.first_call(operations, calls) for name, c in checks.items()}


def complaints(name: str) -> tuple[int, int]:
    """Run a check on the code as it is: how often, and how often it complains."""
    check = (CHECKS | ENGINE_CHECKS)[name]
    calls = range(check.calls or CALLS)
    asked = [()] if check.once else [*product(check.only, calls)]
    with steady():
        return len(asked), sum(not check.content(*about) for about in asked)
