"""A report as it is printed: for a terminal, or in Markdown."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

from minicvt.tables import markdown, table

WIDTH = 88


@dataclass(frozen=True)
class Page:
    """Prints what it is given, each piece at once."""

    as_markdown: bool = False

    def title(self, words: str, level: int = 2) -> None:
        """Print a heading."""
        print(f"{'#' * level} {words}\n" if self.as_markdown else f"{words}\n")

    def say(self, words: str) -> None:
        """Print a paragraph."""
        print(fill(words, WIDTH) + "\n", flush=True)

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Print a table."""
        write = markdown if self.as_markdown else table
        print(write(headers, rows) + "\n", flush=True)


def note(words: str) -> None:
    """Show how far it is on one line of a terminal, which is rewritten."""
    if sys.stderr.isatty():
        print(f"\r\033[K{words}", end="", file=sys.stderr, flush=True)
