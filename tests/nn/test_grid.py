"""A grid knows which of all tokens lies where."""

from __future__ import annotations

import numpy as np
import pytest

from minicvt.errors import OptionError
from minicvt.grid import Grid


@pytest.mark.parametrize("special", [0, 1, 2])
def test_special_tokens_come_first_then_row_by_row(special):
    grid = Grid(3, 5, special)
    numbers = [grid.number(place) for place in (*range(special), *np.ndindex(3, 5))]
    assert numbers == [*range(grid.tokens)]


@pytest.mark.parametrize(
    ("special", "place", "message"),
    [
        (0, 0, r"no class token: give \(row, column\) of the 3 x 5 map"),
        (2, 2, "no special token 2"),
        (1, -1, "no special token -1"),
        (1, (3, 0), r"token \(3, 0\): there are 1 \+ 3 x 5"),
        (0, (0, 5), r"token \(0, 5\): there are 3 x 5"),
        (0, (-1, 0), r"token \(-1, 0\)"),
    ],
)
def test_a_token_that_is_not_there_is_refused(special, place, message):
    with pytest.raises(OptionError, match=message):
        Grid(3, 5, special).number(place)
