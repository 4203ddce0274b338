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
    windows,
)


def weights(window, dtype="float64"):
    return normal(3, window.channels, 1, *window.kernel, dtype=dtype)


def three(body, window):
    """Return y, dx and dweight of a window's random x, weight and dy."""
    x, weight, dy = window.x(), weights(window), window.dy(window.channels)
    return (
        run(kernels.depthwise_conv2d, body, x, weight, *window.slide),
        run(
            kernels.depthwise_conv2d_input_grad,
            body,
            dy,
            weight,
            window.size,
            *window.slide,
        ),
        run(
            kernels.depthwise_conv2d_weight_grad,
            body,
            dy,
            x,
            window.kernel,
            *window.slide,
        ),
    )


@fast
@dtypes
@given(windows(channels=19))
def test_bodies_agree(body, dtype, window):
    x, weight = window.x(dtype), weights(window, dtype)
    dy = window.dy(window.channels, dtype)
    for kernel, arguments in (
        (kernels.depthwise_conv2d, (x, weight)),
        (kernels.depthwise_conv2d_input_grad, (dy, weight, window.size)),
        (kernels.depthwise_conv2d_weight_grad, (dy, x, window.kernel)),
    ):
        check_bodies(kernel, body, TOLERANCE[dtype], *arguments, *window.slide)


@bodies
@given(windows())
def test_gradients_are_adjoints(body, window):
    y, dx, dweight = three(body, window)
    dy = window.dy(window.channels)
    check_adjoint(window.x(), y, dx, dy)
    check_adjoint(weights(window), y, dweight, dy)


@bodies
@pytest.mark.parametrize("window", PLAIN)
def test_pytorch(body, window):
    def conv2d(x, weight):
        groups = window.channels
        return nhwc(F.conv2d(nchw(x), weight, None, *window.slide, 1, groups))

    dy = window.dy(window.channels)
    expected = torch_gradients(conv2d, dy, window.x(), weights(window))
    for a, e in zip(three(body, window), expected, strict=True):
        assert error(a, e) < 1e-13


@bodies
@pytest.mark.parametrize("window", PLAIN)
def test_it_is_conv2d_with_as_many_groups_as_channels(body, window):
    groups, dy = window.channels, window.dy(window.channels)
    x, weight = window.x(), weights(window)
    grouped = (
        run(kernels.conv2d, body, x, weight, *window.slide, groups),
        run(
            kernels.conv2d_input_grad,
            body,
            dy,
            weight,
            window.size,
            *window.slide,
            groups,
        ),
        run(
            kernels.conv2d_weight_grad,
            body,
            dy,
            x,
            window.kernel,
            *window.slide,
            groups,
        ),
    )
    for a, e in zip(three(body, window), grouped, strict=True):
        assert error(a, e) < 1e-13


@fast
def test_a_float32_weight_gradient_over_many_positions_loses_nothing(body):
    window = Window(40, (28, 28), 3, (3, 3), (1, 1), (1, 1))
    x, dy = window.x("float32") + np.float32(1), window.dy(3, "float32") + np.float32(1)
    kernel, rest = kernels.depthwise_conv2d_weight_grad, (window.kernel, *window.slide)
    exact = run(kernel, "numpy", dy.astype("float64"), x.astype("float64"), *rest)
    assert error(run(kernel, body, dy, x, *rest), exact) < 2e-7
