"""All mutants, tried side by side in processes of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from minicvt import threads
from minicvt.verify.audit import mechanical, suite, trial
from minicvt.verify.audit.checks import CHECKS, ENGINE_CHECKS
from minicvt.verify.audit.mutant import Mutant
from minicvt.verify.audit.planted import ENGINE, PULLBACKS
from minicvt.verify.audit.reach import reached
from minicvt.verify.audit.trial import Trial

Item = TypeVar("Item")
Result = TypeVar("Result")


def every_mutant() -> list[Mutant]:
    """Return those made by hand, in pullbacks and the engine, then the mechanical."""
    return [*PULLBACKS, *ENGINE, *mechanical_mutants()]


def mechanical_mutants() -> list[Mutant]:
    """Make every mechanical mutant of what runs on the way back."""
    return [
        mutant
        for (module, function), reach in reached().items()
        for mutant in mechanical.mutants(module, function, inner=not reach.whole)
    ]


def try_all(
    mutants: Sequence[Mutant], progress: Callable[[int, int], None]
) -> list[Trial]:
    """Try mutants one after another, in as many processes as there are cores.

    ``progress`` hears how many are done, and of how many. Raises ``MissingPackage``
    without PyTorch, or outside a clone.
    """
    found = []
    for done in _side_by_side(trial.attempt, mutants):
        found.append(done)
        progress(len(found), len(mutants))
    return found


def false_alarms() -> dict[str, tuple[int, int]]:
    """Return, for each check, runs on the code as it is, and how often it complains."""
    names = list(CHECKS | ENGINE_CHECKS)
    return dict(zip(names, _side_by_side(trial.complaints, names), strict=True))


def _side_by_side(
    attempt: Callable[[Item], Result], items: Sequence[Item]
) -> Iterator[Result]:
    suite.require()
    workers = max(1, min(threads.available(), len(items)))
    spawn = get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, initializer=_start) as pool:
        yield from pool.map(attempt, items)


def _start() -> None:
    """Start a process, with one thread as there is one process a core."""
    threads.limit(1).__enter__()
    trial.prepare()
