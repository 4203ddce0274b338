"""Every operation, listed once. All checks of single operations run from here."""

from __future__ import annotations

from tests.operations.entry import LISTED, Entry
from tests.operations.families import (  # each enters its own
    elementwise,
    reductions,
    rows,
    shape,
    windows,
)

FAMILIES = (elementwise, shape, reductions, rows, windows)
REGISTRY: dict[str, Entry] = LISTED
