"""Layer and batch normalisation: three bodies against each other and PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from minicvt import kernels
from tests.kernels.comparing import (
    bodies,
    check_bodies,
    check_float32,
    compiled_only,
    dtypes,
    error,
    fast,
    normal,
    outputs,
    torch_gradients,
)

EPS = 1e-5
SHAPES = {"rows": st.integers(1, 9), "channels": st.integers(1, 70)}
TOLERANCE = {"float32": 2e-6, "float64": 1e-13}


def inputs(rows, channels, dtype="float64"):
    """x with a mean, the cotangent, weight (not 1), bias, mean and variance."""
    x = 2 * normal(0, rows, channels) + 1
    dy = normal(1, rows, channels)
    weight, bias, mean = (normal(i, channels) for i in (2, 3, 4))
    var = normal(5, channels) ** 2 + 0.1
    return tuple(a.astype(dtype) for a in (x, dy, weight, bias, mean, var))


def layer_norm(body, x, dy, weight, bias):
    """Return y, dx, dweight and dbias."""
    y, mean, rstd = outputs(kernels.layer_norm, body, x, weight, bias, EPS)
    back = outputs(kernels.layer_norm_backward, body, dy, x, weight, mean, rstd)
    return (y, *back)


def add_layer_norm(body, x, dy, weight, bias):
    """Return s + y, of which x and a branch get one cotangent, and so on."""
    s, y, mean, rstd = outputs(kernels.add_layer_norm, body, x, dy, weight, bias, EPS)
    back = kernels.layer_norm_backward
    dx, *rest = outputs(back, body, dy, s, weight, mean, rstd, dy)
    return (s + y, dx, *rest)


def batch_norm(body, x, dy, weight, bias):
    y, mean, var = outputs(kernels.batch_norm, body, x, weight, bias, EPS)
    back = outputs(kernels.batch_norm_backward, body, dy, x, weight, mean, var, EPS)
    return (y, *back)


def batch_norm_eval(body, x, dy, weight, bias):
    mean, var = statistics(x)
    y = outputs(kernels.batch_norm_eval, body, x, weight, bias, mean, var, EPS)
    back = kernels.batch_norm_eval_backward
    return (*y, *outputs(back, body, dy, x, weight, mean, var, EPS))


def statistics(x):
    """Running statistics that are not x's own."""
    _, _, _, _, mean, var = inputs(1, x.shape[1], x.dtype)
    return mean, var


def torch_layer_norm(x, weight, bias):
    return F.layer_norm(x, weight.shape, weight, bias, EPS)


def torch_add_layer_norm(x, weight, bias):
    rows, channels = x.shape  # the branch is what `inputs` draws as the cotangent
    s = x + torch.tensor(inputs(rows, channels)[1], dtype=x.dtype)
    return s + torch_layer_norm(s, weight, bias)


def torch_batch_norm(x, weight, bias):
    return F.batch_norm(x, None, None, weight, bias, training=True, eps=EPS)


def torch_batch_norm_eval(x, weight, bias):
    mean, var = map(torch.tensor, statistics(x.detach().numpy()))
    return F.batch_norm(x, mean, var, weight, bias, training=False, eps=EPS)


PAIRS = {
    "layer_norm": (layer_norm, torch_layer_norm),
    "add_layer_norm": (add_layer_norm, torch_add_layer_norm),
    "batch_norm": (batch_norm, torch_batch_norm),
    "batch_norm_eval": (batch_norm_eval, torch_batch_norm_eval),
}
norms = pytest.mark.parametrize("norm", PAIRS)


@fast
@dtypes
@given(**SHAPES)
def test_bodies_agree(body, dtype, rows, channels):
    x, dy, weight, bias, mean, var = inputs(rows, channels, dtype)
    row_mean, row_rstd = x.mean(axis=1), 1 / np.sqrt(x.var(axis=1) + 1)
    for kernel, arguments in (
        (kernels.layer_norm, (x, weight, bias, 1.0)),
        (kernels.layer_norm_backward, (dy, x, weight, row_mean, row_rstd)),
        (kernels.layer_norm_backward, (dy, x, weight, row_mean, row_rstd, x + dy)),
        (kernels.add_layer_norm, (x, dy, weight, bias, 1.0)),
        (kernels.batch_norm, (x, weight, bias, 1.0)),
        (kernels.batch_norm_backward, (dy, x, weight, mean, var, 1.0)),
        (kernels.batch_norm_eval, (x, weight, bias, mean, var, 1.0)),
        (kernels.batch_norm_eval_backward, (dy, x, weight, mean, var, 1.0)),
        (kernels.column_sum, (x,)),
    ):
        check_bodies(kernel, body, TOLERANCE[dtype], *arguments)


@fast
@dtypes
@norms
@pytest.mark.parametrize(("rows", "channels"), [(600, 20), (256, 16), (530, 9)])
def test_bodies_agree_over_many_rows(body, dtype, norm, rows, channels):
    x, dy, weight, bias, _, _ = inputs(rows, channels, dtype)
    actual, expected = (PAIRS[norm][0](b, x, dy, weight, bias) for b in (body, "loops"))
    for a, e in zip(actual, expected, strict=True):
        assert error(a, e) < TOLERANCE[dtype]


@bodies
@norms
@pytest.mark.parametrize(("rows", "channels"), [(7, 24), (50, 3), (3, 50)])
def test_pytorch_in_float64(body, norm, rows, channels):
    ours, theirs = PAIRS[norm]
    x, dy, weight, bias, _, _ = inputs(rows, channels)
    expected = torch_gradients(theirs, dy, x, weight, bias)
    for a, e in zip(ours(body, x, dy, weight, bias), expected, strict=True):
        assert error(a, e) < 1e-13


@pytest.mark.parametrize(
    # In plain Python a sum along a row would be one sum, not a vector of them.
    "body",
    ["loops", "numpy", pytest.param("numba", marks=[pytest.mark.numba, compiled_only])],
)
@norms
@pytest.mark.parametrize(("rows", "channels"), [(200, 24), (16, 384)])
@pytest.mark.parametrize("offset", [0, 30])
def test_rounding_in_float32_is_like_pytorchs(body, norm, rows, channels, offset):
    ours, theirs = PAIRS[norm]
    x, dy, weight, bias, _, _ = inputs(rows, channels, "float32")
    x += np.float32(offset)
    exact = [a.astype("float64") for a in (x, dy, weight, bias)]
    results = ours(body, x, dy, weight, bias)
    torchs = torch_gradients(theirs, dy, x, weight, bias)
    expected = ours("numpy", *exact)
    for a, t, e in zip(results, torchs, expected, strict=True):
        check_float32(a, t, e)


@fast
def test_sums_over_many_rows_lose_nothing(body):
    x, dy, weight, bias, mean, var = inputs(20000, 5, "float32")
    exact = x.astype("float64")
    assert error(outputs(kernels.column_sum, body, x)[0], exact.sum(axis=0)) < 1e-7
    _, batch_mean, batch_var = outputs(kernels.batch_norm, body, x, weight, bias, EPS)
    assert error(batch_mean, exact.mean(axis=0)) < 1e-7
    assert error(batch_var, exact.var(axis=0)) < 1e-7
    back = kernels.batch_norm_eval_backward
    _, _, dbias = outputs(back, body, dy, x, weight, mean, var, EPS)
    assert error(dbias, dy.sum(axis=0, dtype="float64")) < 1e-7


@fast
@dtypes
@pytest.mark.parametrize("channels", [1, 20, 384])
def test_a_norm_of_a_sum_has_the_bits_of_both_apart(body, dtype, channels):
    x, branch, weight, bias, _, _ = inputs(11, channels, dtype)
    fused = outputs(kernels.add_layer_norm, body, x, branch, weight, bias, EPS)
    s = x + branch
    apart = s, *outputs(kernels.layer_norm, body, s, weight, bias, EPS)
    for a, e in zip(fused, apart, strict=True):
        np.testing.assert_array_equal(a, e)


@bodies
@dtypes
def test_constant_rows_and_columns_give_the_bias(body, dtype):
    _, _, weight, bias, _, _ = inputs(1, 6, dtype)
    x = np.full((4, 6), 3, dtype)
    for kernel in (kernels.layer_norm, kernels.batch_norm):
        y, mean, _ = outputs(kernel, body, x, weight, bias, EPS)
        assert (y == bias).all()
        assert (mean == 3).all()
