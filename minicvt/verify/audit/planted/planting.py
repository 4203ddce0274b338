"""How planted bugs are written down: where, what is wrong, and the edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from minicvt.verify.audit.mutant import Mutant

Bug: TypeAlias = tuple[str, str, str]
"""What is wrong, what the source says, and what it says instead."""


def plant(module: str, functions: Mapping[str, Sequence[Bug]]) -> list[Mutant]:
    """Return the bugs of one module of ``minicvt``, given by function."""
    return [
        Mutant(f"minicvt.{module}", function, *bug)
        for function, bugs in functions.items()
        for bug in bugs
    ]
