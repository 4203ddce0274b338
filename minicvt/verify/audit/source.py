"""The source of a module, as bytes: Python counts the columns of a tree in bytes."""

from __future__ import annotations

import ast
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

from minicvt.errors import MinicvtError

Span: TypeAlias = tuple[int, int]


class Source:
    """A module's text and tree."""

    def __init__(self, module: str) -> None:
        self.path = str(import_module(module).__file__)
        self.text = Path(self.path).read_bytes()
        self.tree = ast.parse(self.text)
        self._starts = [0]
        for line in self.text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def function(self, name: str) -> ast.FunctionDef:
        """Find a function or, as in ``Tensor.backward``, a method.

        Raises ``MinicvtError`` where there is none.
        """
        found: Any = self.tree
        for part in name.split("."):
            inside = (x for x in found.body if getattr(x, "name", "") == part)
            found = next(inside, None)
            if found is None:
                raise MinicvtError(f"{self.path}: expected a function {name}, got none")
        return found

    def span(self, node: Any) -> Span:
        """Return where a node begins and ends."""
        start = self._starts[node.lineno - 1] + node.col_offset
        return start, self._starts[node.end_lineno - 1] + node.end_col_offset

    def segment(self, node: Any) -> str:
        """Return the text of a node."""
        start, stop = self.span(node)
        return self.text[start:stop].decode()

    def replaced(self, span: Span, after: str) -> bytes:
        """Return the text with a piece of it replaced."""
        start, stop = span
        return self.text[:start] + after.encode() + self.text[stop:]

    def line(self, span: Span, after: str | None = None) -> str:
        """Return the lines that a span touches as one, with ``after`` in its place."""
        first = self.text.rfind(b"\n", 0, span[0]) + 1
        behind = len(self.text) - self.text.find(b"\n", span[1])
        text = self.text if after is None else self.replaced(span, after)
        lines = text[first : len(text) - behind].decode().splitlines()
        return " ".join(line.strip() for line in lines)


@cache
def source(module: str) -> Source:
    """Read a module, once."""
    return Source(module)
