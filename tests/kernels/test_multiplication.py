"""Matrix products: three bodies, against each other and float64, whole and in parts."""

from __future__ import annotations

from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minicvt import kernels, threads
from tests.kernels.comparing import (
    bodies,
    check_bodies,
    compiled_only,
    dtypes,
    error,
    fast,
    normal,
    outputs,
)

SIZES = st.integers(1, 9)
BATCHES = st.sampled_from(
    [((), ()), ((3,), ()), ((3,), (3,)), ((2, 1), (3,)), ((), (2, 3)), ((2, 3), ())]
)
TOLERANCE = {"float32": 1e-5, "float64": 1e-13}


@contextmanager
def split(count):
    """Split everything among so many threads, whether it is worth it or not."""
    with threads.limit(count), patch.object(threads, "LEAST", 1e-9):
        yield


def factors(batches, n, k, m, dtype="float64"):
    """Return a, b and a bias."""
    a = normal(1, *batches[0], n, k, dtype=dtype)
    b = normal(2, *batches[1], k, m, dtype=dtype)
    return a, b, normal(3, m, dtype=dtype)


@fast
@dtypes
@given(BATCHES, SIZES, SIZES, SIZES, st.booleans(), st.integers(1, 3))
def test_bodies_agree(body, dtype, batches, n, k, m, biased, count):
    a, b, bias = factors(batches, n, k, m, dtype)
    with split(count):
        rest = a, b, bias if biased else None
        check_bodies(kernels.matmul, body, TOLERANCE[dtype], *rest)


@bodies
@pytest.mark.parametrize("batches", [((), ()), ((2,), ()), ((2, 1), (3,))])
def test_numpy(body, batches):
    a, b, bias = factors(batches, 5, 7, 4)
    (y,) = outputs(kernels.matmul, body, a, b, bias)
    assert error(y, np.einsum("...ik,...kj->...ij", a, b) + bias) < 1e-14


@fast
@dtypes
@given(
    st.integers(1, 90), st.integers(1, 90), st.integers(1, 90), st.integers(1, 3),
    st.sampled_from(["as they are", "transposed", "strided"]),
)  # fmt: skip
@example(197, 40, 70, 2, "transposed")
@example(70, 40, 197, 2, "strided")
def test_any_shape_layout_and_split(body, dtype, n, k, m, count, layout):
    a, b, bias = factors(((), ()), n, k, m, dtype)
    expected = a.astype("float64") @ b.astype("float64") + bias
    if layout == "transposed":
        a, b = a.T.copy().T, b.T.copy().T
    elif layout == "strided":
        a, b = np.repeat(a, 2, axis=1)[:, ::2], np.repeat(b, 3, axis=0)[::3]
    with split(count):
        y = kernels.matmul.body(body)(a, b, bias)
    assert y.dtype == dtype
    assert error(y, expected) < TOLERANCE[dtype]


@fast
@dtypes
@pytest.mark.parametrize(("n", "k", "m"), [(0, 3, 2), (2, 0, 3), (2, 3, 0)])
def test_nothing_to_multiply(body, dtype, n, k, m):
    y = kernels.matmul.body(body)(np.ones((n, k), dtype), np.ones((k, m), dtype))
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, np.zeros((n, m)))


@pytest.mark.numba
@given(
    st.integers(5, 120), st.integers(1, 50), st.integers(5, 120),
    st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.integers(1, 3),
)  # fmt: skip
@example(197, 147, 64, False, True, True, False, 2)
@example(97, 401, 99, True, False, True, False, 3)
@example(24, 800, 48, True, False, False, True, 2)
@example(33, 64, 160, False, False, False, True, 3)
def test_blocks(n, k, m, a_turned, b_turned, biased, leading, count):
    from minicvt.kernels.multiplication import compiled

    a, b, bias = factors(((), ()), n, k, m, "float32")
    bias = bias if biased else np.zeros_like(bias)
    expected = a.astype("float64") @ b.astype("float64") + bias
    blas = a @ b + bias
    a = np.asfortranarray(a) if a_turned else a
    b = np.asfortranarray(b) if b_turned else b
    out = np.full((n, m), np.nan, "float32")
    with (
        split(count),
        patch.object(compiled, "LEAST", 1),
        patch.object(compiled.vectorized, "matmul", None),
    ):
        given = (a[None], b[None]) if leading else (a, b)
        y = compiled.matmul(*given, bias if biased else None)
        into = compiled.matmul(a, b, bias, out)
    assert into is out
    np.testing.assert_array_equal(y[0] if leading else y, out)
    assert error(out, expected) <= max(4 * error(blas, expected), 1e-6)


@pytest.mark.numba
@pytest.mark.parametrize("turned", [False, True])
def test_panels_may_be_too_many_for_the_cache(turned):
    from minicvt.kernels.multiplication import blocks, compiled

    a, b, bias = factors(((), ()), 120, 400, 1500, "float32")
    expected = a.astype("float64") @ b.astype("float64") + bias
    assert b.nbytes > 2 * blocks.PANELS
    y = compiled.matmul(np.asfortranarray(a) if turned else a, b, bias)
    assert error(y, expected) <= 4 * error(a @ b + bias, expected)


@pytest.mark.numba
@compiled_only
@pytest.mark.parametrize("depth", [100, 1000])
def test_the_same_numbers_whatever_is_beside_them(depth):
    """In blocks every sum has an order of its own, in any part and of any rows."""
    from minicvt.kernels.multiplication import compiled

    a, b, bias = factors(((), ()), 130, depth, 350, "float32")
    with patch.object(compiled, "LEAST", 1):
        whole = compiled.matmul(a, b, bias)
        for rows in (slice(13, 61), slice(5, 130)):
            np.testing.assert_array_equal(
                compiled.matmul(a[rows], b, bias), whole[rows]
            )
        turned = compiled.matmul(np.asfortranarray(a), np.asfortranarray(b), bias)
        np.testing.assert_array_equal(turned, whole)
        with split(3):
            np.testing.assert_array_equal(compiled.matmul(a, b, bias), whole)


@pytest.mark.numba
def test_long_sums_are_added_up_in_parts():
    """One by one in float32 they would lose a digit more."""
    from minicvt.kernels.multiplication import compiled

    a, b = np.full((12, 50_000), 0.1, "float32"), np.ones((50_000, 32), "float32")
    expected = a.astype("float64") @ b
    one_by_one = np.cumsum(a, axis=1)[:, -1:]
    assert error(one_by_one + 0 * expected, expected) > 1e-4
    assert error(compiled.matmul(a, b), expected) < 1e-5
