"""What ``minicvt reconcile`` runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from textwrap import fill

from minicvt.errors import OptionError
from minicvt.reconcile.data import as_data
from minicvt.reconcile.printed import document, tables
from minicvt.reconcile.profilers import Reading, keep, readings
from minicvt.reconcile.verdicts import VERDICTS, Cell
from minicvt.reconcile.verdicts import reconcile as judged
from minicvt.reconcile.writing import (
    Rows,
    cell_rows,
    claim_rows,
    convention_rows,
    reading_rows,
    total_rows,
)
from minicvt.tables import markdown
from minicvt.tables import table as aligned

WIDTH = 98
TITLE = "CvT's tables, cell by cell"
HOW = """\
Counted: what is printed comes out of a model that ran, by shapes alone; FLOPs are
multiply-adds. It rounds, or truncates, or rounds twice (to one digit
more first); or it rounds by another way of counting. Quoted: an accuracy, or a model
that is not here. Contradicted: the count gives something else by every way of counting
that is listed with all tables, or the paper's own text does. The ratio is what was
counted over what is printed."""
CLAIMS = "The text beside the tables"
CONVENTIONS = "Ways of counting, and how many printed FLOPs each rounds to"
PROFILERS = "Profilers on the same CvT-13 at 224 x 224"
TO_ZERO = """\
Each number is a sum of terms of our ledger, counted as often as that profiler counts
them; what no term explains is last."""


def reconcile(
    table: str | None = None,
    profilers: bool = False,
    python: str | None = None,
    as_markdown: bool = False,
    as_json: bool = False,
    keep_in: Path | None = None,
    picture: Path | None = None,
) -> None:
    """Print every cell of the paper's tables, or of one, with its verdict.

    With ``profilers``, only those: measured again by ``python`` (this one) where it
    has them, and kept in a file where one is named. Raises ``UnknownName`` for a
    table, ``MinicvtError`` for a profiler that fails, ``OptionError`` for a picture of
    those, ``MissingPackage`` where there is no matplotlib for one of the tables.
    """
    if picture is not None and profilers:
        raise OptionError("a picture is of the tables: leave --profilers or --picture")
    cells = [] if profilers else judged(table)
    asked = (python or sys.executable) if profilers else None
    found = readings(asked) if profilers or table is None else []
    if keep_in is not None:
        keep(keep_in, found)
    if as_json:
        print(json.dumps(as_data(cells, found), indent=1, ensure_ascii=False))
        return
    page = Page(as_markdown)
    if cells:
        page.tables(cells, table is None, picture)
    if found:
        page.profilers(found)


class Page:
    """Prints sections as soon as they are made: for a terminal, or in Markdown."""

    def __init__(self, as_markdown: bool) -> None:
        self.as_markdown = as_markdown

    def title(self, words: str, level: int = 2) -> None:
        """Print a heading."""
        print(f"{'#' * level + ' ' if self.as_markdown else ''}{words}\n")

    def lay(self, headers: Sequence[str], rows: Rows) -> None:
        """Print a table."""
        write = markdown if self.as_markdown else aligned
        print(write(headers, rows) + "\n")

    def say(self, words: str, indent: str = "") -> None:
        """Print a paragraph; in Markdown numbered notes are paragraphs too."""
        after = " " * len(indent)
        print(fill(words, WIDTH, initial_indent=indent, subsequent_indent=after) + "\n")

    def tables(self, cells: list[Cell], whole: bool, picture: Path | None) -> None:
        """Print verdicts by table; of all tables, totals and what holds for all too."""
        self.title(TITLE, 1)
        self.say(f"{document()['paper']}. {HOW}")
        self.lay(("table", *VERDICTS, "cells"), total_rows(cells))
        if picture is not None:
            from minicvt import viz

            figure = viz.accuracy_against_macs()
            print(viz.written(figure, picture, self.as_markdown) + "\n")
        for number, own in groupby(cells, lambda cell: cell.place.table):
            self.table(number, list(own))
        if whole:
            self.title(CLAIMS)
            self.lay(("where", "says", "found", "agrees"), claim_rows())
            self.title(CONVENTIONS)
            self.lay(("way", "rounds", "of", "MACs and"), convention_rows(cells))

    def table(self, number: str, cells: list[Cell]) -> None:
        """Print one table and its notes."""
        self.title(f"Table {number}: {tables()[number]}")
        headers = ("row", "column", "printed", "counted", "ratio", "verdict")
        rows, notes = cell_rows(cells)
        full = [i for i in range(len(headers)) if any(row[i] != "" for row in rows)]
        shown = [tuple(row[i] for i in full) for row in rows]
        self.lay([headers[i] for i in full], shown)
        for place, note in enumerate(notes, 1):
            self.say(note, f"[{place}] ")

    def profilers(self, found: list[Reading]) -> None:
        """Print each reading and its terms, down to the residual."""
        self.title(PROFILERS)
        self.say(TO_ZERO)
        for reading, (about, rows) in zip(found, reading_rows(found), strict=True):
            self.title(f"{reading.name} {reading.value:,}", 3)
            self.say(about)
            self.lay(("terms", "of"), rows)
