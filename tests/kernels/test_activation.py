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
}
activations = pytest.mark.parametrize("name", TORCH)


def run(name, body, x, dy):
    """Return y and dx."""
    (y,) = outputs(KERNELS[name], body, x)
    return y, *outputs(KERNELS[f"{name}_backward"], body, dy, x)


@fast
@activations
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
@activations
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
@activations
def test_derivative_is_the_slope(body, name):
    x, h = normal(0, 50), 1e-4
    up, down = (outputs(KERNELS[name], body, x + s * h)[0] for s in (1, -1))
    _, slope = run(name, body, x, np.ones_like(x))
    assert error((up - down) / (2 * h), slope) < 1e-7


def test_the_approximations_approximate():
    x = np.linspace(-6, 6, 200)
    with kernels.use("numpy"):
        assert np.abs(kernels.gelu_tanh(x) - kernels.gelu(x)).max() < 5e-4
        assert np.abs(kernels.quick_gelu(x) - kernels.gelu(x)).max() < 2.1e-2
