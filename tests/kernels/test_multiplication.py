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
@pytest.mark.parametrize(
    "shapes", [((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 3), (3, 0))]
)
def test_nothing_to_multiply(body, dtype, shapes):
    y = kernels.matmul.body(body)(*[np.ones(shape, dtype) for shape in shapes])
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, np.zeros((shapes[0][0], shapes[1][1])))
