"""Pooling: three bodies against each other and PyTorch, with and without ceil_mode."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from minicvt import kernels
from minicvt.kernels.geometry import output_size
from tests.kernels.comparing import (
    bodies,
    check_bodies,
    dtypes,
    error,
    fast,
    normal,
    torch_gradients,
)
from tests.kernels.windows import TOLERANCE, Window, check_adjoint, nchw, nhwc, run


@st.composite
def pools(draw):
    """Draw a window whose padding is at most half of it (PyTorch's rule), and more."""
    axes = [draw(axis()) for _ in range(2)]
    size, kernel, stride, padding = zip(*axes, strict=True)
    batch, channels = draw(st.integers(1, 3)), draw(st.integers(1, 9))
    window = Window(batch, size, channels, kernel, stride, padding)
    return window, draw(st.booleans()), draw(st.booleans())


@st.composite
def axis(draw):
    kernel, stride = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    padding = draw(st.integers(0, kernel // 2))
    size = draw(st.integers(max(1, kernel - 2 * padding), 9))
    return size, kernel, stride, padding


def ceiled(window, ceil_mode):
    """Return the arguments after x: kernel, stride, padding and output_size."""
    axes = zip(window.size, window.kernel, *window.slide, strict=True)
    output = tuple(output_size(*numbers, ceil_mode) for numbers in axes)
    return window.kernel, *window.slide, output


def torch_max_pool2d(x, rest, ceil_mode):
    """Return PyTorch's y and argmax."""
    y, argmax = F.max_pool2d(nchw(x), *rest[:3], 1, ceil_mode, return_indices=True)
    return nhwc(y), nhwc(argmax)


def check_max_pool2d(body, x, rest, expected):
    """Check y and argmax to the bit, NaN included."""
    y, argmax = kernels.max_pool2d.body(body)(x, *rest)
    assert y.dtype == x.dtype
    assert argmax.dtype == np.int64
    np.testing.assert_array_equal(y, expected[0])
    np.testing.assert_array_equal(argmax, expected[1])


@fast
@dtypes
@given(pools())
def test_average_bodies_agree(body, dtype, pool):
    window, ceil_mode, padded = pool
    rest = ceiled(window, ceil_mode)
    dy = normal(1, window.batch, *rest[-1], window.channels, dtype=dtype)
    arguments = (*rest, padded)
    check_bodies(
        kernels.avg_pool2d, body, TOLERANCE[dtype], window.x(dtype), *arguments
    )
    arguments = (window.size, *rest[:3], padded)
    check_bodies(kernels.avg_pool2d_backward, body, TOLERANCE[dtype], dy, *arguments)


@fast
@dtypes
@given(pools())
def test_maximum_bodies_agree(body, dtype, pool):
    window, ceil_mode, _ = pool
    x, rest = window.x(dtype), ceiled(window, ceil_mode)
    expected = kernels.max_pool2d.body("loops")(x, *rest)
    check_max_pool2d(body, x, rest, expected)
    dy = normal(1, *expected[0].shape, dtype=dtype)
    arguments = (dy, expected[1], window.size)
    check_bodies(kernels.max_pool2d_backward, body, TOLERANCE[dtype], *arguments)


@bodies
@given(pools())
def test_backwards_are_adjoints(body, pool):
    window, ceil_mode, padded = pool
    x, rest = window.x(), ceiled(window, ceil_mode)
    y = run(kernels.avg_pool2d, body, x, *rest, padded)
    dy = normal(1, *y.shape)
    back = (window.size, *rest[:3], padded)
    check_adjoint(x, y, run(kernels.avg_pool2d_backward, body, dy, *back), dy)
    y, argmax = kernels.max_pool2d.body(body)(x, *rest)
    dx = run(kernels.max_pool2d_backward, body, dy, argmax, window.size)
    check_adjoint(x, y, dx, dy)


@bodies
@given(pools())
def test_pytorch(body, pool):
    window, ceil_mode, padded = pool
    x, rest = window.x(), ceiled(window, ceil_mode)
    dy = normal(1, window.batch, *rest[-1], window.channels)

    def average(x):
        return nhwc(F.avg_pool2d(nchw(x), *rest[:3], ceil_mode, padded))

    def maximum(x):
        return torch_max_pool2d(x, rest, ceil_mode)[0]

    y, dx = torch_gradients(average, dy, x)
    assert error(run(kernels.avg_pool2d, body, x, *rest, padded), y) < 1e-13
    back = (window.size, *rest[:3], padded)
    assert error(run(kernels.avg_pool2d_backward, body, dy, *back), dx) < 1e-13
    _, dx = torch_gradients(maximum, dy, x)
    expected = torch_max_pool2d(torch.tensor(x), rest, ceil_mode)
    check_max_pool2d(body, x, rest, expected)
    arguments = (dy, expected[1].numpy(), window.size)
    assert error(run(kernels.max_pool2d_backward, body, *arguments), dx) < 1e-13


@bodies
@dtypes
@given(pools(), st.sampled_from([0, -np.inf, np.nan]))
def test_ties_infinities_and_nans_are_pytorchs(body, dtype, pool, value):
    window, ceil_mode, _ = pool
    rest = ceiled(window, ceil_mode)
    x = np.maximum(window.x(dtype), 0)
    x[window.x() > 0.5] = value
    expected = torch_max_pool2d(torch.tensor(x), rest, ceil_mode)
    check_max_pool2d(body, x, rest, expected)


@bodies
def test_cvts_average_projection_grows_an_even_map(body):
    """Kernel 3, stride 2, padding 1, ceil_mode: 14 gives 8; the last counts 2 cells."""
    window = Window(1, (14, 14), 1, (3, 3), (2, 2), (1, 1))
    rest = ceiled(window, ceil_mode=True)
    assert rest[-1] == (8, 8)
    y = run(kernels.avg_pool2d, body, np.ones((1, 14, 14, 1)), *rest, True)[0, ..., 0]
    assert y[3, 3] == 1
    assert y[0, 3] == pytest.approx(2 / 3)  # one row of padding counts, of three
    assert y[7, 3] == pytest.approx(1 / 2)  # row 13 and one of padding, clipped there
