"""What ran in a model: which operations, where, over which windows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from minicvt.accounting import Entry
from minicvt.reconcile.subjects import Subject

Derive = Callable[[Subject], str]
"""From a model to a word of the tables."""


def kernel_and_stride(entry: Entry) -> tuple[int, int]:
    """Return how wide a window is and how far it moves, along the height.

    Stride is the map's height over that of what comes out, rounded up: right for all
    windows of these tables, whose padding makes up for their kernel.
    """
    before, after = entry.inputs[0] or (), entry.output
    kernel = after[3] if entry.operation == "im2col" else (entry.inputs[1] or ())[2]
    return kernel, -(-before[1] // after[1])


def ran(subject: Subject, operations: str, path: str) -> Iterator[Entry]:
    """Yield the operations of these kinds whose path has this pattern."""
    for entry in subject.ledger.entries:
        if entry.operation in operations.split() and re.search(path, entry.path):
            yield entry
