"""The product of matrices that compiled kernels make for themselves."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.comparing import distance, dtypes, normal

pytestmark = pytest.mark.numba

CLOSE = {"float32": 1e-5, "float64": 1e-13}


@pytest.fixture(scope="module")
def compiled():
    """The functions of blocks, called from compiled code; Numba is imported here."""
    import numba

    from minicvt.kernels import blocks

    def multiplied(c, a, b, add):
        blocks.multiply(c, a, b, add)

    def packed(x, factor):
        room = blocks.panels(x.shape[0], x.shape[1], x)
        blocks.pack(room, x, factor)
        return room

    def room(rows, columns, like):
        return blocks.room(rows, columns, like)

    functions = (multiplied, packed, room)
    return SimpleNamespace(
        VECTOR=blocks.VECTOR, **{f.__name__: numba.njit(f) for f in functions}
    )


@dtypes
@given(rows=st.integers(0, 45), depth=st.integers(0, 40), columns=st.integers(0, 75))
def test_a_product_of_any_shape(compiled, dtype, rows, depth, columns):
    a, b, c = (
        normal(i, *shape, dtype=dtype)
        for i, shape in enumerate([(rows, depth), (depth, columns), (rows, columns)])
    )
    for right in (
        b,
        compiled.packed(b, 1),
        compiled.packed(np.ascontiguousarray(b.T).T, 1),
    ):
        for add, expected in ((False, a @ b), (True, c + a @ b)):
            into = c.copy()
            compiled.multiplied(into, a, right, add)
            assert distance(into, expected) <= CLOSE[dtype]


@dtypes
def test_factors_and_results_may_be_views(compiled, dtype):
    a, b = normal(0, 40, 29, dtype=dtype), normal(1, 40, 70, dtype=dtype)
    around = normal(2, 31, 3, 70, dtype=dtype)
    before = around.copy()
    compiled.multiplied(around[1:30, 1], a.T, b, False)
    assert distance(around[1:30, 1], a.T @ b) <= CLOSE[dtype]
    around[1:30, 1] = before[1:30, 1]
    np.testing.assert_array_equal(around, before)


@dtypes
def test_packing_scales_and_pads_with_zeros(compiled, dtype):
    x = normal(0, 3, 41, dtype=dtype)
    columns = compiled.packed(x, 0.5).swapaxes(0, 1).reshape(3, -1)
    np.testing.assert_array_equal(columns[:, :41], x * columns.dtype.type(0.5))
    assert not columns[:, 41:].any()


@dtypes
def test_room_has_whole_vectors_from_the_start_of_a_line(compiled, dtype):
    for rows, columns in ((1, 1), (5, 50), (9, 64)):
        room = compiled.room(rows, columns, np.empty(1, dtype))
        assert room.shape[0] == rows
        assert columns <= room.shape[1] < columns + compiled.VECTOR // room.itemsize
        assert room.strides[0] % compiled.VECTOR == 0
        assert room.ctypes.data % compiled.VECTOR == 0
