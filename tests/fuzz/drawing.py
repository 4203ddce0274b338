"""Calls drawn for one cell, so that none is thrown away."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from minicvt.verify.operations import Draw, Sample
from tests.fuzz.cells import ENTRIES, WINDOW, Cell, parity
from tests.fuzz.graphs import GraphDraw


class WindowDraw(Draw):
    """Draws windows and maps of one cell; none is empty.

    The cell's stride and padding hold along the height. Along the width they are the
    same half of the time, and else any.
    """

    def __init__(self, random: Random, cell: Cell) -> None:
        super().__init__(random)
        self.cell = cell

    def window(self, pooled: bool = False) -> dict[str, tuple[int, int]]:
        """Draw the kernel, and the rest of the window along the width."""
        stride, padding = self.both("stride"), self.both("padding")
        least = [max(1, 2 * p) if pooled else 1 for p in padding]
        kernel = self.size(least[0], 5), self.size(least[1], 5)
        return {"kernel": kernel, "stride": stride, "padding": padding}

    def both(self, name: str) -> tuple[int, int]:
        """Return the cell's number, and one for the width."""
        number = self.cell[name]
        return number, self.one_of(number, self.one_of(*WINDOW[name]))

    def map(self, kernel: Any, padding: Any, channels: int) -> tuple[int, ...]:
        """Draw the shape of a map of the cell's parity that the window fits into."""
        sides = [
            self.side(max(1, k - 2 * p), self.cell[name])
            for k, p, name in zip(kernel, padding, ("height", "width"), strict=True)
        ]
        return (self.size(1, 3), *sides, channels)

    def side(self, least: int, even_or_odd: str) -> int:
        """Draw a length."""
        lengths = range(least, least + 6)
        return self.one_of(*[n for n in lengths if parity(n) == even_or_odd])

    def groups(self) -> int:
        """Return the cell's."""
        return self.cell["groups"]


def drawn(name: str, cell: Cell, random: Random) -> Sample:
    """Draw a call of an operation that lies in the cell."""
    if name == "graph":
        draw: Draw = GraphDraw(random, cell["depth"], cell["structure"])
    elif "stride" in cell:
        draw = WindowDraw(random, cell)
    else:
        draw = Draw(random)
    return replace(ENTRIES[name].draw(draw), layout=cell["layout"])
