"""What ``minicvt audit`` runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from minicvt import threads
from minicvt.errors import OptionError, unknown
from minicvt.files import ready_folder, write_atomic
from minicvt.tables import table
from minicvt.train.progress import show
from minicvt.verify.audit import run
from minicvt.verify.audit.mutant import Mutant
from minicvt.verify.audit.page import listing, page
from minicvt.verify.audit.reach import reach_of
from minicvt.verify.audit.shares import totals
from minicvt.verify.audit.totals import ALL_CHECKS, Outcome, family, outcome
from minicvt.verify.audit.trial import Trial, is_engine
from minicvt.verify.operations import OPERATIONS

ENGINE = "engine"
SURVIVED = 1
"""The exit code when our suite overlooks a bug."""


def audit(
    only: str | None = None, page_file: Path | None = None, listed: bool = False
) -> int:
    """Plant every bug, or those that one operation runs; print who sees how many.

    ``page_file`` gets the kill table, and a file beside it the mechanical bugs.

    Returns the exit code, 1 if a bug survives our suite. Raises ``OptionError`` for
    options that exclude each other, ``UnknownName`` for an operation that there is
    not, ``MinicvtError`` for a bug that fits its source no more, and
    ``MissingPackage`` without PyTorch or outside a clone.
    """
    if page_file is not None:
        if only is not None or listed:
            raise OptionError("audit: --page takes every bug: leave out --only, --list")
        ready_folder(page_file.parent)
    mutants = chosen(only)
    if listed:
        print(table(("family", "function", "what is wrong"), map(_listed, mutants)))
        return 0
    cores = threads.available()
    print(f"{len(mutants):,} edits, one at a time, on {cores} cores", file=sys.stderr)
    found = outcome(run.try_all(mutants, _progress))
    if only is not None:
        print(table(("function", "what is wrong", "seen by"), map(_seen, found.bugs)))
        print()
    print(table(*totals(found.bugs)))
    if page_file is not None:
        _write(found, page_file)
    return _survivors(found.survivors)


def chosen(only: str | None) -> list[Mutant]:
    """Return all mutants, or those that an operation runs, or those of the engine.

    Each fits its source: others raise ``MinicvtError``.
    """
    if only not in (None, ENGINE, *OPERATIONS):
        raise unknown("operation", only, [ENGINE, *OPERATIONS])
    every = [(mutant, _run_by(mutant)) for mutant in run.every_mutant() if mutant.span]
    return [mutant for mutant, names in every if only in (None, *names)]


def _run_by(mutant: Mutant) -> set[str]:
    return {ENGINE} if is_engine(mutant) else reach_of(mutant).operations


def _listed(mutant: Mutant) -> tuple[str, str, str]:
    edit = f"{mutant.says}: {' '.join(mutant.after.split())}"
    return family(mutant), mutant.function, edit


def _progress(done: int, total: int) -> None:
    """Count on a terminal; in a file, tell every tenth."""
    if sys.stderr.isatty() or done * 10 // total > (done - 1) * 10 // total:
        show(f"{done:,}/{total:,} tried", sys.stderr, last=done == total)


def _seen(trial: Trial) -> tuple[str, str, str]:
    seen = ", ".join(filter(trial.caught, ALL_CHECKS)) or "nobody"
    return trial.mutant.function, trial.mutant.says, seen


def _write(found: Outcome, file: Path) -> None:
    beside = file.with_stem(f"{file.stem}-mechanical")
    text = page(found, run.false_alarms(), mechanical=beside.name)
    write_atomic(file, text.encode())
    write_atomic(beside, listing(found, main=file.name).encode())


def _survivors(survivors: Sequence[Trial]) -> int:
    for trial in survivors:
        mutant = trial.mutant
        print(f"survives: {mutant.function}, {mutant.says}: {mutant.edited}")
    return SURVIVED if survivors else 0
