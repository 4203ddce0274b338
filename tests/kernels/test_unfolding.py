"""im2col and its adjoint: three bodies against each other and PyTorch's unfold."""

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
    run,
    windows,
)


def columns(window, dtype="float64"):
    """Return random columns of the shape that im2col gives."""
    shape = (window.batch, *window.output, *window.kernel, window.channels)
    return normal(2, *shape, dtype=dtype)


@fast
@dtypes
@given(windows())
def test_bodies_agree(body, dtype, window):
    x, c = window.x(dtype), columns(window, dtype)
    check_bodies(kernels.im2col, body, 0, x, window.kernel, *window.slide)
    check_bodies(kernels.col2im, body, TOLERANCE[dtype], c, window.size, *window.slide)


@bodies
@given(windows())
def test_col2im_is_the_adjoint(body, window):
    x, c = window.x(), columns(window)
    y = run(kernels.im2col, body, x, window.kernel, *window.slide)
    dx = run(kernels.col2im, body, c, window.size, *window.slide)
    check_adjoint(x, y, dx, c)


@bodies
@pytest.mark.parametrize("window", PLAIN)
def test_pytorch(body, window):
    def unfold(x):
        flat = F.unfold(nchw(x), window.kernel, 1, window.padding, window.stride)
        channels_first = (window.batch, window.channels, *window.kernel, *window.output)
        return flat.reshape(channels_first).permute(0, 4, 5, 2, 3, 1)

    c = columns(window)
    y, dx = torch_gradients(unfold, c, window.x())
    ours = run(kernels.im2col, body, window.x(), window.kernel, *window.slide)
    assert (ours == y).all()
    assert error(run(kernels.col2im, body, c, window.size, *window.slide), dx) < 1e-13


@bodies
def test_a_window_by_hand(body):
    x = np.arange(6.0).reshape(1, 2, 3, 1)
    c = run(kernels.im2col, body, x, (2, 2), (1, 2), (0, 1))
    assert c[0, ..., 0].tolist() == [[[[0, 0], [0, 3]], [[1, 2], [4, 5]]]]


@bodies
def test_strided_arguments_are_fine(body):
    window = Window(2, (5, 6), 3, (3, 2), (2, 1), (1, 0))
    x = window.x()
    y = run(kernels.im2col, body, x, window.kernel, *window.slide)
    behind = np.asfortranarray(x[:, ::-1])[:, ::-1]
    assert not behind.flags.c_contiguous
    kernel = kernels.im2col.body(body)
    assert (kernel(behind, window.kernel, *window.slide) == y).all()
