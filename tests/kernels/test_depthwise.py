"""Depthwise convolution: three bodies against each other, conv2d and PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch.nn.functional as F
from hypothesis import given

from minicvt import kernels
from tests.kernels.comparing import (
    bodies,
    check_bodies,
    dtypes,
    error,
    fast,
    normal,
    torch_gradients,
)
from tests.kernels.windows import (
    PLAIN,
    TOLERANCE,
    Window,
    check_adjoint,
    nchw,
    nhwc,
    run,
    three,
    windows,
)

# What is compiled: 3 x 3 and 16 channels or more; strips, tiles and lanes left over.
COMPILED = [
    Window(2, (5, 4), 16, (3, 3), (1, 1), (1, 1)),
    Window(1, (18, 11), 24, (3, 3), (1, 1), (0, 2)),
    Window(2, (7, 19), 17, (3, 3), (2, 2), (1, 1)),
    Window(1, (6, 9), 33, (3, 3), (1, 3), (3, 0)),
    Window(2, (3, 8), 20, (3, 3), (3, 2), (2, 4)),
]

DENSE = (kernels.conv2d, kernels.conv2d_input_grad, kernels.conv2d_weight_grad)
DEPTHWISE = (
    kernels.depthwise_conv2d,
    kernels.depthwise_conv2d_input_grad,
    kernels.depthwise_conv2d_weight_grad,
)


def arrays(window, dtype="float64"):
    """Return x, weight and dy."""
    weight = normal(3, window.channels, 1, *window.kernel, dtype=dtype)
    return window.x(dtype), weight, window.dy(window.channels, dtype)


@fast
@dtypes
@given(windows(channels=19))
def test_bodies_agree(body, dtype, window):
    x, weight, dy = arrays(window, dtype)
    inputs = (x, weight), (dy, weight, window.size), (dy, x, window.kernel)
    for kernel, arguments in zip(DEPTHWISE, inputs, strict=True):
        check_bodies(kernel, body, TOLERANCE[dtype], *arguments, *window.slide)


@fast
@dtypes
@pytest.mark.parametrize("window", COMPILED)
def test_bodies_agree_over_lanes(body, dtype, window):
    x, weight, dy = arrays(window, dtype)
    expected = three(DEPTHWISE, "loops", window, x, weight, dy)
    actual = three(DEPTHWISE, body, window, x, weight, dy)
    for a, e in zip(actual, expected, strict=True):
        assert error(a, e) < TOLERANCE[dtype]


@fast
@pytest.mark.parametrize("window", COMPILED)
def test_gradients_over_lanes_are_adjoints(body, window):
    x, weight, dy = arrays(window)
    y, dx, dweight = three(DEPTHWISE, body, window, x, weight, dy)
    check_adjoint(x, y, dx, dy)
    check_adjoint(weight, y, dweight, dy)


@fast
def test_what_is_not_finite_stays_where_it_is(body):
    window = Window(1, (9, 9), 16, (3, 3), (1, 1), (1, 1))
    x, weight, _ = arrays(window)
    x[0, 4, 4, 3] = np.inf
    y = run(kernels.depthwise_conv2d, body, x, weight, *window.slide)
    reached = np.zeros(y.shape, bool)
    reached[0, 3:6, 3:6, 3] = True
    np.testing.assert_array_equal(np.isinf(y), reached)


@bodies
@given(windows())
def test_gradients_are_adjoints(body, window):
    x, weight, dy = arrays(window)
    y, dx, dweight = three(DEPTHWISE, body, window, x, weight, dy)
    check_adjoint(x, y, dx, dy)
    check_adjoint(weight, y, dweight, dy)


@bodies
@pytest.mark.parametrize("window", PLAIN)
def test_pytorch(body, window):
    def conv2d(x, weight):
        groups = window.channels
        return nhwc(F.conv2d(nchw(x), weight, None, *window.slide, 1, groups))

    x, weight, dy = arrays(window)
    expected = torch_gradients(conv2d, dy, x, weight)
    actual = three(DEPTHWISE, body, window, x, weight, dy)
    for a, e in zip(actual, expected, strict=True):
        assert error(a, e) < 1e-13


@bodies
@pytest.mark.parametrize("window", PLAIN)
def test_it_is_conv2d_with_as_many_groups_as_channels(body, window):
    direct = three(DEPTHWISE, body, window, *arrays(window))
    grouped = three(DENSE, body, window, *arrays(window), window.channels)
    for a, e in zip(direct, grouped, strict=True):
        assert error(a, e) < 1e-13


@fast
def test_a_float32_weight_gradient_over_many_positions_loses_nothing(body):
    window = Window(40, (28, 28), 16, (3, 3), (1, 1), (1, 1))
    x, dy = (a + np.float32(1) for a in (window.x("float32"), window.dy(16, "float32")))
    kernel, rest = kernels.depthwise_conv2d_weight_grad, (window.kernel, *window.slide)
    exact = run(kernel, "numpy", dy.astype("float64"), x.astype("float64"), *rest)
    assert error(run(kernel, body, dy, x, *rest), exact) < 2e-7
