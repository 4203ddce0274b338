"""Activations and their derivatives: three bodies against each other and PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from minicvt import kernels
from minicvt.kernels import KERNELS
from tests.kernels.comparing import (
    bodies,
    check_float32,
    dtypes,
    error,
    fast,
    normal,
    outputs,
    torch_gradients,
)

TORCH = {
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
    "silu": F.silu,
    "relu": F.relu,
}
activations = pytest.mark.parametrize("name", TORCH)
SMOOTH = [name for name in TORCH if name != "relu"]
smooth = pytest.mark.parametrize("name", SMOOTH)


def run(name, body, x, dy):
    """Return y and dx."""
    (y,) = outputs(KERNELS[name], body, x)
    dx, dbias = outputs(KERNELS[f"{name}_backward"], body, dy, x)
    assert dbias is None
    return y, dx


def run_with_bias(name, body, x, bias, dy):
    """Return y, dx and dbias."""
    (y,) = outputs(KERNELS[name], body, x, bias)
    return y, *outputs(KERNELS[f"{name}_backward"], body, dy, x, bias)


def drawn(*shape, dtype="float64"):
    """Draw x, bias and dy."""
    draws = normal(0, *shape), normal(1, shape[-1]), normal(2, *shape)
    return [draw.astype(dtype) for draw in draws]


@fast
@smooth
@given(x=st.lists(st.floats(-30, 30, allow_subnormal=False), min_size=1, max_size=40))
def test_bodies_agree_to_the_last_digits_also_in_the_tails(body, name, x):
    x = np.array(x)
    actual, expected = (run(name, b, x, np.ones_like(x)) for b in (body, "loops"))
    # An exponential of x^2 multiplies the rounding of x by x^2.
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=2e-12, atol=1e-300)


@fast
@activations
@pytest.mark.parametrize("size", [1, 7, 64, 1001])
def test_bodies_agree_in_float32(body, name, size):
    x, dy = (normal(i, size).astype("float32") for i in (0, 1))
    actual, expected = (run(name, b, 2 * x, dy) for b in (body, "loops"))
    for a, e in zip(actual, expected, strict=True):
        assert error(a, e) < 1e-6


@bodies
@activations
def test_pytorch_in_float64(body, name):
    x, dy = 3 * normal(0, 300), normal(1, 300)
    expected = torch_gradients(TORCH[name], dy, x)
    for a, e in zip(run(name, body, x, dy), expected, strict=True):
        assert error(a, e) < 4e-15


@bodies
@activations
@pytest.mark.parametrize("spread", [0.1, 1, 10])
def test_rounding_in_float32_is_like_pytorchs(body, name, spread):
    x, dy = (normal(i, 2000).astype("float32") for i in (0, 1))
    x *= np.float32(spread)
    torchs = torch_gradients(TORCH[name], dy, x)
    expected = run(name, "numpy", x.astype("float64"), dy.astype("float64"))
    for a, t, e in zip(run(name, body, x, dy), torchs, expected, strict=True):
        check_float32(a, t, e)


@bodies
@dtypes
@smooth
def test_large_small_and_zero(body, dtype, name):
    x = np.array([-1e4, -100, -0.0, 0, 1e-30, 100, 1e4], dtype)
    y, slope = run(name, body, x, np.ones_like(x))
    np.testing.assert_allclose(y, [0, 0, 0, 0, 5e-31, 100, 1e4], rtol=1e-6, atol=1e-38)
    np.testing.assert_allclose(
        slope, [0, 0, 0.5, 0.5, 0.5, 1, 1], rtol=1e-6, atol=1e-37
    )


@bodies
@dtypes
@activations
def test_nan_and_infinity(body, dtype, name):
    x = np.array([1, np.nan, np.inf, 2], dtype)
    (y,) = outputs(KERNELS[name], body, x)
    assert (np.isnan(y) == [False, True, False, False]).all()
    assert y[2] == np.inf


@bodies
@smooth
def test_derivative_is_the_slope(body, name):
    x, h = normal(0, 50), 1e-4
    up, down = (outputs(KERNELS[name], body, x + s * h)[0] for s in (1, -1))
    _, slope = run(name, body, x, np.ones_like(x))
    assert error((up - down) / (2 * h), slope) < 1e-7


# Pieces of compiled kernels are 256 elements, their chunks 256 rows.
SHAPES = [(5,), (3, 1), (2, 3, 7), (9, 256), (1, 700), (40, 96), (260, 3), (300, 5)]


@fast
@activations
@pytest.mark.parametrize("shape", [*SHAPES, (), (0, 4), (2, 3, 43), (4, 8, 8)])
def test_bodies_agree_on_whole_pieces_and_others(body, name, shape):
    x, dy = normal(0, *shape), normal(1, *shape)
    actual, expected = (run(name, b, x, dy) for b in (body, "loops"))
    for a, e in zip(actual, expected, strict=True):
        assert a.shape == shape
        np.testing.assert_allclose(a, e, rtol=1e-12, atol=1e-14)


@fast
@activations
def test_elements_may_lie_in_another_order(body, name):
    x, dy = normal(0, 40, 30).T, normal(1, 30, 80)[:, ::2]
    actual = KERNELS[name].body(body)(x)
    dx, _ = KERNELS[f"{name}_backward"].body(body)(dy, x)
    for a, e in zip((actual, dx), run(name, "loops", x, dy), strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-12, atol=1e-14)


@fast
@activations
@pytest.mark.parametrize("shape", [*SHAPES, (0, 4), (4, 0)])
def test_bodies_agree_on_x_and_its_bias(body, name, shape):
    x, bias, dy = drawn(*shape)
    actual, expected = (run_with_bias(name, b, x, bias, dy) for b in (body, "loops"))
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-12, atol=1e-14)


@bodies
@activations
@pytest.mark.parametrize("shape", [(4, 5, 6), (70, 9)])
def test_a_bias_is_added_before_as_in_pytorch(body, name, shape):
    x, bias, dy = drawn(*shape)
    curve = TORCH[name]
    expected = torch_gradients(lambda x, bias: curve(x + bias), dy, x, bias)
    for a, e in zip(run_with_bias(name, body, x, bias, dy), expected, strict=True):
        assert error(a, e) < 4e-15


@fast
@activations
@pytest.mark.parametrize("shape", [(50, 21), (600, 300)])
def test_a_bias_in_float32_rounds_like_pytorchs(body, name, shape):
    x, bias, dy = drawn(*shape, dtype="float32")
    curve = TORCH[name]
    torchs = torch_gradients(lambda x, bias: curve(x + bias), dy, x, bias)
    in_float64 = (array.astype("float64") for array in (x, bias, dy))
    expected = run_with_bias(name, "numpy", *in_float64)
    actual = run_with_bias(name, body, x, bias, dy)
    for a, t, e in zip(actual, torchs, expected, strict=True):
        check_float32(a, t, e)


@bodies
@activations
def test_what_many_rows_send_to_a_bias_adds_up_in_float64(body, name):
    rows = 3000 if body == "loops" else 100_000
    x, bias = np.zeros((rows, 2), "float32"), np.float32([9, 12])
    dy = np.full_like(x, 0.1)
    _, _, dbias = run_with_bias(name, body, x, bias, dy)
    _, dx = run(name, body, bias, dy[0])
    np.testing.assert_allclose(dbias, dx.astype("float64") * rows, rtol=2e-7)


@bodies
@dtypes
def test_relu_at_its_corner(body, dtype):
    x, dy = np.array([-1.5, -0.0, 0, 2], dtype), np.array([1, 2, 3, 4], dtype)
    y, dx = run("relu", body, x, dy)
    np.testing.assert_array_equal(y, [0, 0, 0, 2])
    np.testing.assert_array_equal(dx, [0, 0, 0, 4])


def test_the_approximations_approximate():
    x = np.linspace(-6, 6, 200)
    with kernels.use("numpy"):
        assert np.abs(kernels.gelu_tanh(x) - kernels.gelu(x)).max() < 5e-4
        assert np.abs(kernels.quick_gelu(x) - kernels.gelu(x)).max() < 2.1e-2
