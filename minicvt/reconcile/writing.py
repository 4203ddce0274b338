"""Verdicts as tables: for a terminal or a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from minicvt.reconcile.claims import checked
from minicvt.reconcile.conventions import CONVENTIONS, Term, every, fit
from minicvt.reconcile.printed import DASH, tables
from minicvt.reconcile.profilers import Reading
from minicvt.reconcile.recipes import WHY
from minicvt.reconcile.subjects import meant
from minicvt.reconcile.verdicts import (
    ACCURACY,
    COUNTED,
    NEW,
    QUOTED,
    UNITS,
    Cell,
    quantity,
    totals,
)

Rows = list[tuple[Any, ...]]
FLOPS = "FLOPs (G)"
PLAIN = (ACCURACY, NEW)
"""Why a cell is quoted, where its column says it already."""


def sum_of(parts: Sequence[Term]) -> str:
    """Write terms and what they add up to: 1,200 MACs + 30 biases = 1,230."""
    signs = ["", *("- " if part.amount < 0 else "+ " for part in parts[1:])]
    said = (
        f"{sign}{abs(part.amount):,} {part.name}"
        for sign, part in zip(signs, parts, strict=True)
    )
    return f"{' '.join(said)} = {sum(part.amount for part in parts):,}"


def note_of(cell: Cell) -> str:
    """Say what a verdict rests on, where a word does not; else nothing."""
    notes = []
    if cell.verdict == QUOTED and cell.how not in PLAIN:
        notes.append(cell.how)
    if cell.terms:
        notes.append(sum_of(cell.terms))
    if cell.draft:
        notes.append(f"a draft would round: {sum_of(cell.draft)}")
    if cell.how == "unexplained" and isinstance(cell.counted, int):
        unit = UNITS[quantity(cell.place)]
        apart = cell.counted - int(float(cell.printed) * unit)
        notes.append(f"{apart:+,}: no way of counting that is listed explains it")
    return "; ".join([*notes, *cell.against])


def cell_rows(cells: Sequence[Cell]) -> tuple[Rows, list[str]]:
    """Return a row a cell, and the notes they number; accuracies side by side are one.

    A row is (row, column, printed, counted, ratio, verdict).
    """
    rows: Rows = []
    notes: list[str] = []
    for _, group in groupby(cells, _place_of_accuracies):
        together = list(group)
        cell = together[0]
        if (note := note_of(cell)) and note not in notes:
            notes.append(note)
        mark = f" [{notes.index(note) + 1}]" if note else ""
        shown = cell.verdict == COUNTED and cell.how != "derived"
        verdict = f"{cell.verdict}, {cell.how}" if shown else cell.verdict
        many = len(together) > 1
        column = f"{len(together)} accuracies" if many else cell.place.column
        rows.append(
            (
                cell.place.row,
                column,
                " ".join(c.printed for c in together),
                "" if cell.counted is None else cell.counted,
                "" if cell.ratio is None else f"{cell.ratio:.4f}",
                verdict + mark,
            )
        )
    return rows, notes


def _place_of_accuracies(cell: Cell) -> tuple[str, ...]:
    """Give accuracies of one row one key, and any other cell its own."""
    alike = cell.verdict == QUOTED and cell.how in PLAIN
    return (cell.place.row,) if alike else tuple(cell.place)


def total_rows(cells: Sequence[Cell]) -> Rows:
    """Return how many cells of each table have each verdict, and of all."""
    found = totals(cells)
    rows = [
        (f"{number}: {tables()[number]}", *by.values(), sum(by.values()))
        for number, by in found.items()
    ]
    columns = zip(*(row[1:] for row in rows), strict=True)
    return [*rows, ("total", *map(sum, columns))] if len(rows) > 1 else rows


def convention_rows(cells: Sequence[Cell]) -> Rows:
    """Return how many printed FLOPs each way of counting rounds to."""
    printed = [
        (every(meant(cell.place)[0].amounts), cell.printed)
        for cell in cells
        if quantity(cell.place) == FLOPS and meant(cell.place) and cell.printed != DASH
    ]
    return [
        (
            name,
            sum(fit(c[name], text, UNITS[FLOPS]) == "rounds" for c, text in printed),
            len(printed),
            "\n".join(f"{n:+d} {term}" for term, n in list(times.items())[1:]),
        )
        for name, times in CONVENTIONS.items()
    ]


def claim_rows() -> Rows:
    """Return what the text says of the tables, and what they give."""
    return [
        (c.claim.where, c.claim.says, c.found, "yes" if c.agrees else "no")
        for c in checked()
    ]


def reading_rows(readings: Sequence[Reading]) -> Iterator[tuple[str, Rows]]:
    """Yield a line about each profiler's reading, and its terms to the residual."""
    for reading in readings:
        when = "measured now" if reading.now else "kept"
        terms: Rows = [(f"{t.amount:+,}", t.name) for t in reading.terms]
        residual = (f"{reading.residual:+,}", "not explained")
        yield f"{WHY[reading.name]} ({reading.versions}; {when})", [*terms, residual]
