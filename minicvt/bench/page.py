"""A report as it is printed: for a terminal, or in Markdown."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from textwrap import fill
from typing import Any

from minicvt.tables import markdown, table

WIDTH = 88


@dataclass(frozen=True)
class Page:
    """Takes piece by piece: a terminal shows each at once, a document is a string."""

    as_markdown: bool = False
    pieces: list[str] = field(default_factory=list)

    def put(self, piece: str) -> None:
        """Add a piece as it is."""
        self.pieces.append(piece)
        if not self.as_markdown:
            print(piece + "\n", flush=True)

    def title(self, words: str, level: int = 2) -> None:
        """Add a heading."""
        self.put(f"{'#' * level} {words}" if self.as_markdown else words)

    def say(self, words: str) -> None:
        """Add a paragraph."""
        self.put(fill(words, WIDTH, break_long_words=False, break_on_hyphens=False))

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Add a table."""
        write = markdown if self.as_markdown else table
        self.put(write(headers, rows))

    def __str__(self) -> str:
        return "\n\n".join(self.pieces)


def note(words: str) -> None:
    """Show how far it is on one line of a terminal, which is rewritten."""
    if sys.stderr.isatty():
        print(f"\r\033[K{words}", end="", file=sys.stderr, flush=True)
