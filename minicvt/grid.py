"""Where a sequence of tokens lies on the image."""

from __future__ import annotations

from typing import NamedTuple

from minicvt.errors import OptionError

Place = int | tuple[int, int]
"""A special token by its number, or the token at (row, column) of the map."""


class Grid(NamedTuple):
    """A map of ``height`` x ``width`` tokens behind ``special`` leading ones.

    It travels with the tokens, because a square root cannot tell 4 x 9 from
    6 x 6, nor a class token from a patch.
    """

    height: int
    width: int
    special: int = 0

    @property
    def places(self) -> int:
        """Tokens that lie on the map: ``height * width``."""
        return self.height * self.width

    @property
    def tokens(self) -> int:
        """All tokens: ``special + height * width``."""
        return self.special + self.places

    def number(self, place: Place) -> int:
        """Return which of all tokens is meant; ``OptionError`` for none of them."""
        if isinstance(place, int):
            if 0 <= place < self.special:
                return place
            lacking = f"special token {place}" if self.special else "class token"
            size = f"{self.height} x {self.width}"
            raise OptionError(f"no {lacking}: give (row, column) of the {size} map")
        row, column = place
        if 0 <= row < self.height and 0 <= column < self.width:
            return self.special + row * self.width + column
        raise OptionError(f"token {place}: there are {self}")

    def __str__(self) -> str:
        lead = f"{self.special} + " if self.special else ""
        return f"{lead}{self.height} x {self.width}"
