"""Every operation, listed once. All checks of single operations run from here."""

from minicvt.verify.operations.entry import OPERATIONS, Entry, Tolerance
from minicvt.verify.operations.families import (  # each enters its own
    elementwise,
    reductions,
    rows,
    shape,
    windows,
)
from minicvt.verify.operations.samples import LAYOUTS, Draw, Sample

FAMILIES = (elementwise, shape, reductions, rows, windows)

__all__ = ["FAMILIES", "LAYOUTS", "OPERATIONS", "Draw", "Entry", "Sample", "Tolerance"]
