"""Convolution: three bodies against each other and PyTorch, dense and grouped."""

from __future__ import annotations

import pytest
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from minicvt import kernels
from minicvt.kernels.convolution import product
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
    three,
    windows,
)

FAMILY = (kernels.conv2d, kernels.conv2d_input_grad, kernels.conv2d_weight_grad)
GROUPS = {
    "groups": st.integers(1, 3),
    "ins": st.integers(1, 3),
    "outs": st.integers(1, 2),
}


def grouped(window, groups, ins, outs, dtype="float64"):
    """Return x, weight and dy of a convolution with these channels per group."""
    window = window._replace(channels=groups * ins)
    weight = normal(3, groups * outs, ins, *window.kernel, dtype=dtype)
    return window.x(dtype), weight, window.dy(groups * outs, dtype)


@fast
@dtypes
@given(window=windows(), **GROUPS)
def test_bodies_agree(body, dtype, window, groups, ins, outs):
    x, weight, dy = grouped(window, groups, ins, outs, dtype)
    inputs = (x, weight), (dy, weight, window.size), (dy, x, window.kernel)
    for kernel, arguments in zip(FAMILY, inputs, strict=True):
        rest = (*arguments, *window.slide, groups)
        check_bodies(kernel, body, TOLERANCE[dtype], *rest)


@bodies
@given(window=windows(), **GROUPS)
def test_gradients_are_adjoints(body, window, groups, ins, outs):
    x, weight, dy = grouped(window, groups, ins, outs)
    y, dx, dweight = three(FAMILY, body, window, x, weight, dy, groups)
    check_adjoint(x, y, dx, dy)
    check_adjoint(weight, y, dweight, dy)


@bodies
@pytest.mark.parametrize("window", PLAIN)
@pytest.mark.parametrize(("groups", "ins", "outs"), [(1, 3, 4), (2, 2, 3), (3, 1, 2)])
def test_pytorch(body, window, groups, ins, outs):
    def conv2d(x, weight):
        return nhwc(F.conv2d(nchw(x), weight, None, *window.slide, 1, groups))

    x, weight, dy = grouped(window, groups, ins, outs)
    expected = torch_gradients(conv2d, dy, x, weight)
    actual = three(FAMILY, body, window, x, weight, dy, groups)
    for a, e in zip(actual, expected, strict=True):
        assert error(a, e) < 1e-13


@fast
@pytest.mark.parametrize("images", [1, 2])
def test_the_parts_of_a_batch_make_no_difference(body, images, monkeypatch):
    window = Window(5, (4, 6), 4, (3, 2), (1, 2), (1, 0))
    arrays = grouped(window, 2, 2, 3)
    whole = three(FAMILY, body, window, *arrays, 2)
    of_an_image = kernels.im2col(arrays[0][:1], window.kernel, *window.slide).nbytes
    monkeypatch.setattr(product, "PART_BYTES", images * of_an_image)
    parts = list(product._parts(1, 5, arrays[2], product._matrix(arrays[1], 2)))
    assert [p.start for p in parts] == list(range(1, 5, images))
    assert [p.stop for p in parts] == [*range(1 + images, 5, images), 5]
    for a, e in zip(three(FAMILY, body, window, *arrays, 2), whole, strict=True):
        assert error(a, e) < 1e-14
