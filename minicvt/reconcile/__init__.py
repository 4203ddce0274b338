"""The paper's tables 1-8 beside what is counted, cell by cell; and other profilers.

==================  ============================================================
:mod:`.printed`     what the paper prints, quoted
:mod:`.subjects`    which model of ours a row means
:mod:`.amounts`     the terms of one pass, from the ledger
:mod:`.conventions` ways of counting, and whether a count gives what is printed
:mod:`.properties`  words of the tables, derived from models that ran
:mod:`.verdicts`    counted, quoted, or contradicted
:mod:`.profilers`   five profilers, each to its last integer by :mod:`.recipes`
:mod:`.points`      table 3 as points: top-1 as printed, MACs as counted
==================  ============================================================
"""

from minicvt.reconcile.points import Point, points
from minicvt.reconcile.profilers import Reading, readings
from minicvt.reconcile.verdicts import VERDICTS, Cell, reconcile, totals

__all__ = [
    "VERDICTS",
    "Cell",
    "Point",
    "Reading",
    "points",
    "readings",
    "reconcile",
    "totals",
]
