"""What ``minicvt audit`` runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from minicvt import threads
from minicvt.errors import OptionError, unknown
from minicvt.files import write_atomic
from minicvt.tables import table
from minicvt.verify.audit import run
from minicvt.verify.audit.mutant import Mutant
from minicvt.verify.audit.page import page, totals
from minicvt.verify.audit.reach import Place, reached
from minicvt.verify.audit.totals import ALL_CHECKS, family, outcome
from minicvt.verify.audit.trial import Trial, is_engine
from minicvt.verify.operations import OPERATIONS

ENGINE = "engine"
SURVIVED = 1
"""The exit code when our suite overlooks a bug."""


def audit(
    only: str | None = None, page_file: Path | None = None, listed: bool = False
) -> int:
    """Plant every bug, or those that one operation runs; print who sees how many.

    Returns the exit code, 1 if a bug survives our suite. Raises ``UnknownName`` for an
    operation that there is not, and ``MissingPackage`` outside a clone.
    """
    if only is not None and page_file is not None:
        raise OptionError("audit: the page holds every operation, so not with --only")
    mutants = chosen(only)
    if listed:
        print(table(("family", "function", "what is wrong"), map(_listed, mutants)))
        return 0
    cores = threads.available()
    print(f"{len(mutants):,} edits, one at a time, on {cores} cores", file=sys.stderr)
    found = outcome(run.try_all(mutants))
    if only is not None:
        print(table(("function", "what is wrong", "seen by"), map(_seen, found.bugs)))
        print()
    print(table(*totals(found.bugs)))
    if page_file is not None:
        write_atomic(page_file, page(found, run.false_alarms()).encode())
    return _survivors(found.survivors)


def chosen(only: str | None) -> list[Mutant]:
    """Return all mutants, or those that an operation runs, or those of the engine."""
    every = run.every_mutant()
    if only is None:
        return every
    if only not in (ENGINE, *OPERATIONS):
        raise unknown("operation", only, [ENGINE, *OPERATIONS])
    return [mutant for mutant in every if only in _run_by(mutant)]


def _run_by(mutant: Mutant) -> set[str]:
    if is_engine(mutant):
        return {ENGINE}
    return reached()[Place(mutant.module, mutant.function)].operations


def _listed(mutant: Mutant) -> tuple[str, str, str]:
    edit = f"{mutant.says}: {' '.join(mutant.after.split())}"
    return family(mutant), mutant.function, edit


def _seen(trial: Trial) -> tuple[str, str, str]:
    seen = ", ".join(filter(trial.caught, ALL_CHECKS)) or "nobody"
    return trial.mutant.function, trial.mutant.says, seen


def _survivors(survivors: Sequence[Trial]) -> int:
    for trial in survivors:
        mutant = trial.mutant
        print(f"survives: {mutant.function}, {mutant.says}: {mutant.edited}")
    return SURVIVED if survivors else 0
