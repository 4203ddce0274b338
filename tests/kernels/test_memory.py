"""Arrays that compiled code makes: those of NumPy, from where a line begins."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernels.comparing import DTYPES, compiled_only

pytestmark = pytest.mark.numba

SHAPES = (3,), (2, 5), (4, 0, 3), (2, 3, 5, 7)


@pytest.fixture(scope="module")
def made():
    """What makes zeros and fills memory, in Python and compiled."""
    from minicvt.kernels.jit import jit_in_place
    from minicvt.kernels.memory import empty, zeros

    def both(shape, like):
        return zeros(shape, like), empty(shape, like)

    return both, jit_in_place(both)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_shape_dtype_and_order_are_numpys(made, shape, dtype):
    like = np.ones((2, 2), dtype)
    for function in made:
        for _ in range(3):  # the second time in memory that was written to
            none, some = function(shape, like)
            np.testing.assert_array_equal(none, np.zeros(shape, dtype), strict=True)
            assert (some.shape, some.dtype) == (none.shape, none.dtype)
            assert none.flags.c_contiguous
            assert some.flags.c_contiguous
            none[...], some[...] = 7, 8
            assert (none == 7).all()


@compiled_only
def test_they_begin_with_a_line_of_the_cache(made):
    from minicvt.kernels.memory import LINE

    _, compiled = made
    for n in range(1, 40):
        for x in compiled((n,), np.ones(1, np.float32)):
            assert x.ctypes.data % LINE == 0


def test_too_much_is_said(made):
    for function in made:
        with pytest.raises(MemoryError):
            function((2**55,), np.ones(1, np.float32))
