"""Softmax and attention: three bodies against each other and PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from minicvt import kernels
from tests.kernels.comparing import (
    bodies,
    check_bodies,
    check_float32,
    compiled_only,
    distance,
    dtypes,
    error,
    fast,
    fast_as_compiled,
    normal,
    outputs,
    torch_gradients,
)

TOLERANCE = {"float32": 2e-6, "float64": 1e-13}
# (batch, heads, queries, keys, width of q and k, width of v)
SIZES = (3, 2, 5, 7, 4, 6)
# A learned bias has the first shape, a mask may have any other.
BIASES = [(2, 5, 7), (5, 7), (7,), (1, 1, 7), (2, 1, 7), (3, 1, 1, 7), (3, 2, 5, 7),
          (1, 5, 1), (3, 1, 5, 1), (1,), ()]  # fmt: skip
biases = pytest.mark.parametrize("bias_shape", [None, *BIASES])


def softmax(body, x, dy):
    """Return y and dx."""
    (y,) = outputs(kernels.softmax, body, x)
    return y, *outputs(kernels.softmax_backward, body, dy, y)


def attend(body, dout, scale, q, k, v, bias=None):
    """Return out, dq, dk, dv and, where there is a bias, its cotangent."""
    out, *rows = outputs(kernels.attend, body, q, k, v, bias, scale)
    arguments = (dout, q, k, v, bias, scale, *rows)
    *back, dscores = outputs(kernels.attend_backward, body, *arguments)
    if bias is None:
        assert dscores is None
        return out, *back
    whole = (1,) * (4 - bias.ndim) + bias.shape
    summed = tuple(axis for axis in range(4) if whole[axis] == 1)
    return out, *back, dscores.sum(axis=summed).reshape(bias.shape)


def torch_attend(scale):
    def function(q, k, v, bias=None):
        scores = scale * (q @ k.transpose(-1, -2))
        return torch.softmax(scores if bias is None else scores + bias, dim=-1) @ v

    return function


def inputs(sizes, bias_shape=None, dtype="float64"):
    """The cotangent, then q, k and v, then the bias if its shape is given."""
    batch, heads, queries, keys, width, value_width = sizes
    shapes = [
        (batch, heads, queries, value_width),
        (batch, heads, queries, width),
        (batch, heads, keys, width),
        (batch, heads, keys, value_width),
    ]
    shapes += [] if bias_shape is None else [bias_shape]
    return [normal(i, *shape).astype(dtype) for i, shape in enumerate(shapes)]


@fast
@dtypes
@given(rows=st.integers(1, 9), columns=st.integers(1, 90))
def test_softmax_bodies_agree(body, dtype, rows, columns):
    x, dy = (normal(i, rows, columns).astype(dtype) for i in (0, 1))
    y = kernels.softmax.body("loops")(x)
    check_bodies(kernels.softmax, body, TOLERANCE[dtype], x)
    check_bodies(kernels.softmax_backward, body, TOLERANCE[dtype], dy, y)


@fast
@dtypes
@given(sizes=st.tuples(*[st.integers(1, 4)] * 3, st.integers(1, 20),
                       *[st.integers(1, 4)] * 2))  # fmt: skip
def test_attend_bodies_agree(body, dtype, sizes):
    dout, *arguments = inputs(sizes, sizes[1:4], dtype)
    rows = kernels.attend.body("loops")(*arguments, 0.6)[1:]
    check_bodies(kernels.attend, body, TOLERANCE[dtype], *arguments, 0.6)
    arguments = (dout, *arguments, 0.6, *rows)
    check_bodies(kernels.attend_backward, body, TOLERANCE[dtype], *arguments)


@bodies
@pytest.mark.parametrize("shape", [(7, 5), (3, 50), (2, 784), (4, 1)])
def test_softmax_is_pytorchs_in_float64(body, shape):
    x, dy = 3 * normal(0, *shape), normal(1, *shape)
    expected = torch_gradients(lambda x: torch.softmax(x, -1), dy, x)
    for a, e in zip(softmax(body, x, dy), expected, strict=True):
        assert distance(a, e) < 1e-15


@bodies
@biases
def test_attend_is_pytorchs_in_float64(body, bias_shape):
    dout, *rest = inputs(SIZES, bias_shape)
    expected = torch_gradients(torch_attend(0.7), dout, *rest)
    for a, e in zip(attend(body, dout, 0.7, *rest), expected, strict=True):
        assert distance(a, e) < 1e-13  # a bias equal for all keys has gradient 0


@bodies
def test_what_is_kept_are_the_largest_scores_and_the_sums_of_exponentials(body):
    _, q, k, v, bias = inputs(SIZES, (2, 5, 7))
    _, largest, total = outputs(kernels.attend, body, q, k, v, bias, 0.7)
    scores = 0.7 * np.einsum("bhtd,bhsd->bhts", q, k) + bias
    top = scores.max(-1)
    assert error(largest, top) < 1e-14
    assert error(total, np.exp(scores - top[..., None]).sum(-1)) < 1e-14


@fast
@dtypes
@pytest.mark.parametrize("bias_shape", [None, (70, 40)])
def test_more_queries_than_a_tile_has(body, dtype, bias_shape):
    """Tiles that are not full; heads in parts on the way back; columns left over."""
    for sizes in ((1, 1, 70, 40, 17, 33), (1, 3, 70, 40, 32, 24), (2, 2, 70, 40, 3, 1)):
        arguments = inputs(sizes, bias_shape, dtype)
        expected = attend("numpy", arguments[0].astype("float64"), 0.3,
                          *(a.astype("float64") for a in arguments[1:]))  # fmt: skip
        actual = attend(body, arguments[0], 0.3, *arguments[1:])
        for a, e in zip(actual, expected, strict=True):
            assert error(a, e) <= 4 * TOLERANCE[dtype]


@bodies
@pytest.mark.parametrize("empty", [0, 1, 2, 4, 5])
def test_nothing_of_something(body, empty):
    sizes = tuple(0 if axis == empty else n for axis, n in enumerate(SIZES))
    out, dq, dk, dv = attend(body, *inputs(sizes)[:1], 0.7, *inputs(sizes)[1:])
    for array, axes in ((out, (0, 1, 2, 5)), (dq, (0, 1, 2, 4)), (dk, (0, 1, 3, 4)),
                        (dv, (0, 1, 3, 5))):  # fmt: skip
        assert array.shape == tuple(sizes[axis] for axis in axes)
        if empty == 2:
            assert not array.any()


@bodies
def test_heads_of_a_token_lie_together(body):
    """To merge them copies nothing; compiled, to undo the cut of q, k and v neither."""
    dout, *arguments = (*inputs(SIZES), None, 0.7)
    out, *rows = kernels.attend.body(body)(*arguments)
    back = kernels.attend_backward.body(body)(dout, *arguments, *rows)
    for array in (out, *(back[:3] if body == "numba" else ())):
        assert array.transpose(0, 2, 1, 3).flags.c_contiguous


@fast
def test_a_mask_of_minus_infinity(body):
    dout, q, k, v = inputs(SIZES)
    bias = np.where(normal(9, 5, 7) > 0.3, -np.inf, 0)
    bias[:, 2] = 0
    out, dq, dk, dv, _ = attend(body, dout, 0.7, q, k, v, bias)
    expected = torch_gradients(torch_attend(0.7), dout, q, k, v, bias)
    for a, e in zip((out, dq, dk, dv), expected, strict=False):
        assert error(a, e) < 1e-13


@bodies
@pytest.mark.parametrize("bias_shape", [None, (2, 5, 7)])
def test_heads_may_be_views_of_tokens(body, bias_shape):
    dout, q, k, v, *bias = inputs(SIZES, bias_shape)
    views = [np.copy(a.transpose(2, 0, 1, 3)).transpose(1, 2, 0, 3) for a in (q, k, v)]
    expected = attend(body, dout, 0.7, q, k, v, *bias)
    run, back = kernels.attend.body(body), kernels.attend_backward.body(body)
    given = (*views, *(bias or [None]), 0.7)
    out, *rows = run(*given)
    actual = (out, *back(dout, *given, *rows)[:3])
    for a, e in zip(actual, expected, strict=False):
        assert error(a, e) < 1e-13


@fast_as_compiled
@pytest.mark.parametrize("shape", [(400, 5), (100, 50), (20, 784)])
def test_softmax_rounds_like_pytorchs_in_float32(body, shape):
    x, dy = (normal(i, *shape).astype("float32") for i in (0, 1))
    torchs = torch_gradients(lambda x: torch.softmax(x, -1), dy, x)
    expected = softmax("numpy", x.astype("float64"), dy.astype("float64"))
    for a, t, e in zip(softmax(body, x, dy), torchs, expected, strict=True):
        check_float32(a, t, e)


@fast
@pytest.mark.parametrize("queries", [65, 400])
def test_attend_rounds_like_pytorchs_in_float32(body, queries):
    arguments = inputs((2, 3, queries, 50, 32, 32), (3, queries, 50), "float32")
    torchs = torch_gradients(torch_attend(0.2), *arguments)
    dout, *rest = (a.astype("float64") for a in arguments)
    expected = attend("numpy", dout, 0.2, *rest)
    actual = attend(body, arguments[0], 0.2, *arguments[1:])
    for a, t, e in zip(actual, torchs, expected, strict=True):
        check_float32(a, t, e)


@compiled_only
@pytest.mark.numba
def test_the_exponential_of_what_is_not_above_0():
    """Within a unit in the last place; 0 where the result would be subnormal."""
    from minicvt.kernels.attention.rows import LOWEST, exponentials
    from minicvt.kernels.jit import jit_in_place

    x = np.linspace(0, LOWEST, 400_000, dtype="float32")
    x = np.concatenate([x, np.float32([-0.0, -90, -1e30, -np.inf])])
    y, expected = x.copy(), np.exp(x.astype("float64"))
    jit_in_place(lambda x: exponentials(x, 0, len(x)))(y[:, None])
    assert (y[-3:] == 0).all()
    units = np.abs(y - expected)[:-3] / np.spacing(expected[:-3].astype("float32"))
    assert units.max() < 1


@bodies
@dtypes
def test_softmax_at_the_edges(body, dtype):
    def run(*rows):
        return outputs(kernels.softmax, body, np.array(rows, dtype))[0]

    assert (run([1e4, 0, -1e4], [-1e4, -1e4, 1e4]) == [[1, 0, 0], [0, 0, 1]]).all()
    assert (run([1e4] * 8, [-1e4] * 8, [0.1] * 8) == 1 / 8).all()
    assert (run([1e4], [-3], [0]) == 1).all()
    assert (run([-np.inf, 2, 2, -np.inf]) == [0, 0.5, 0.5, 0]).all()


@bodies
@dtypes
@pytest.mark.parametrize("columns", [3, 50, 784])
def test_nan_stays_in_its_row(body, dtype, columns):
    x = normal(0, 4, columns).astype(dtype)
    x[0, 0] = x[2, -1] = np.nan
    (y,) = outputs(kernels.softmax, body, x)
    assert np.isnan(y[[0, 2]]).all()
    assert np.isfinite(y[[1, 3]]).all()


@bodies
@dtypes
def test_rows_sum_to_1_and_their_gradients_to_0(body, dtype):
    x, dy = (normal(i, 9, 200).astype(dtype) for i in (0, 1))
    y, dx = softmax(body, 5 * x, dy)
    rounding = 16 * np.finfo(dtype).eps
    assert distance(y.sum(axis=1, dtype="float64"), np.ones(9)) < rounding
    assert np.abs(dx.sum(axis=1, dtype="float64")).max() < rounding
