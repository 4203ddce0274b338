"""Counting: parameters, multiply-adds, and what a choice saves."""

from minicvt.accounting.closed_forms import closed_form
from minicvt.accounting.counting import count
from minicvt.accounting.entry import DIRECTIONS, GROUPINGS, QUANTITIES, Entry
from minicvt.accounting.ledger import Ledger
from minicvt.accounting.summary import (
    Saving,
    count_parts,
    kv_savings,
    parts_table,
    savings_table,
)
from minicvt.models.costs import parameters_by_part

__all__ = [
    "DIRECTIONS",
    "GROUPINGS",
    "QUANTITIES",
    "Entry",
    "Ledger",
    "Saving",
    "closed_form",
    "count",
    "count_parts",
    "kv_savings",
    "parameters_by_part",
    "parts_table",
    "savings_table",
]
