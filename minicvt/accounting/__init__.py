"""Counting: parameters, multiply-adds, and what a choice saves."""

from minicvt.accounting.ledger import GROUPINGS, Entry, Ledger, count
from minicvt.accounting.summary import (
    Saving,
    count_parts,
    kv_savings,
    parameters_by_part,
    parts_table,
    savings_table,
)

__all__ = [
    "GROUPINGS",
    "Entry",
    "Ledger",
    "Saving",
    "count",
    "count_parts",
    "kv_savings",
    "parameters_by_part",
    "parts_table",
    "savings_table",
]
