"""Where a sequence of tokens lies on the image."""

from __future__ import annotations

from typing import NamedTuple


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

    def __str__(self) -> str:
        lead = f"{self.special} + " if self.special else ""
        return f"{lead}{self.height} x {self.width}"
