"""What ``minicvt check`` runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from minicvt.verify.check import plain, writing
from minicvt.verify.check.examining import Verdict, examined

FORMS: dict[str | None, Callable[[Verdict], str]] = {
    None: writing.page,
    "markdown": writing.markdown,
    "json": plain.as_json,
}
DIFFERS = 1
"""The exit code of a model that does not do what the official code does."""


def check(file: Path, form: str | None = None) -> int:
    """Run a file that builds a CvT, and print what it does beside the official code.

    The file is executed: it does whatever it says. Returns the exit code. Raises
    ``ForeignCodeError`` for a file that cannot be run, or keeps no contract
    (:mod:`minicvt.verify.check.contract`), ``MissingPackage`` for PyTorch's.
    """
    verdict = examined(file)
    print(FORMS[form](verdict))
    return 0 if verdict.agrees else DIFFERS
