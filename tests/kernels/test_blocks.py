"""The product of matrices written by hand: its blocks, its panels and their packing."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.kernels.comparing import distance, dtypes, normal

pytestmark = pytest.mark.numba

CLOSE = {"float32": 1e-5, "float64": 1e-13}


def written():
    """Return what is used of the modules, as Python; Numba is imported here."""
    from minicvt.kernels.multiplication import blocks, packing, panels, registers

    def multiplied(c, a, b, start):
        left, right = panels.by_rows(a), panels.by_columns(b)
        blocks.multiply(c[:, :], left, right, start[:, :])

    def from_a_row(c, a, b, row, first):
        left, right = panels.by_rows(a), panels.by_columns(b)
        blocks.multiply(c[:, :], left, right, panels.every_row(row, first, c))

    def packed(x, wide):
        room = panels.panels(x.shape[0], x.shape[1], wide, x)
        packing.pack(room, x)
        return room

    def turned(x, wide, factor):
        room = panels.panels(x.shape[1], x.shape[0], wide, x)
        packing.pack_turned(room, x, factor)
        return room

    def of_panels(c, a, b):
        blocks.multiply(c[:, :], a, b, c[:, :])

    def room(rows, columns, like):
        return panels.room(rows, columns, like)

    functions = multiplied, from_a_row, packed, turned, of_panels, room
    return SimpleNamespace(
        ROWS=registers.ROWS,
        WIDE=registers.WIDE,
        VECTOR=registers.VECTOR,
        **{f.__name__: f for f in functions},
    )


@pytest.fixture(scope="module", params=["Python", "compiled"])
def made(request):
    """The functions of `written`, as they are and called from compiled code."""
    import numba

    def compiled(x):
        return numba.njit(x) if request.param == "compiled" and callable(x) else x

    return SimpleNamespace(**{k: compiled(x) for k, x in vars(written()).items()})


def three(rows, depth, columns, dtype):
    """Return a, b and c."""
    shapes = (rows, depth), (depth, columns), (rows, columns)
    return [normal(i, *shape, dtype=dtype) for i, shape in enumerate(shapes)]


@dtypes
@given(rows=st.integers(0, 45), depth=st.integers(0, 40), columns=st.integers(0, 75))
def test_a_product_of_any_shape(made, dtype, rows, depth, columns):
    a, b, start = three(rows, depth, columns, dtype)
    c = np.full_like(start, np.nan)
    made.multiplied(c, a, b, start)
    assert distance(c, start + a @ b) <= CLOSE[dtype]
    made.multiplied(c, a, b, c)
    assert distance(c, start + a @ b + a @ b) <= CLOSE[dtype]


@dtypes
@given(rows=st.integers(1, 45), depth=st.integers(1, 40), columns=st.integers(1, 75))
@example(rows=25, depth=33, columns=41)
def test_packed_factors(made, dtype, rows, depth, columns):
    a, b, c = three(rows, depth, columns, dtype)
    expected = c + a @ b
    wide = made.WIDE // c.itemsize
    left = made.packed(a.T.copy(), made.ROWS)[:, :depth]
    for right in (made.packed(b, wide), made.turned(b.T.copy(), wide, 1.0)):
        into = c.copy()
        made.of_panels(into, left, right)
        assert distance(into, expected) <= CLOSE[dtype]


@dtypes
def test_factors_and_results_may_be_views(made, dtype):
    a, b = normal(0, 40, 29, dtype=dtype), normal(1, 40, 70, dtype=dtype)
    around, row = normal(2, 31, 3, 70, dtype=dtype), normal(3, 75, dtype=dtype)
    before = around.copy()
    made.from_a_row(around[1:30, 1], a.T, b, row, 5)
    assert distance(around[1:30, 1], row[5:] + a.T @ b) <= CLOSE[dtype]
    around[1:30, 1] = before[1:30, 1]
    np.testing.assert_array_equal(around, before)


@dtypes
def test_packing_scales_turns_and_pads_with_zeros(made, dtype):
    x = normal(0, 3, 41, dtype=dtype)
    halves = x * x.dtype.type(0.5)
    for panels, expected in (
        (made.packed(x, 12), x),
        (made.packed(x, 32), x),
        (made.turned(x.T.copy(), 32, 0.5), halves),
    ):
        columns = panels.swapaxes(0, 1).reshape(panels.shape[1], -1)
        np.testing.assert_array_equal(columns[:3, :41], expected)
        assert not columns[:, 41:].any()
        assert not columns[3:].any()


@dtypes
def test_rows_of_room_are_whole_vectors(made, dtype):
    for rows, columns in ((1, 1), (5, 50), (9, 64)):
        room = made.room(rows, columns, np.empty(1, dtype))
        assert room.shape[0] == rows
        assert columns <= room.shape[1] < columns + made.VECTOR // room.itemsize
        assert room.strides[0] % made.VECTOR == 0
