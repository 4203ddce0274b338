"""A Tensor by itself: operators, dtypes, broadcasting back, reading values."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from minicvt import Tensor, ops
from minicvt.errors import DtypeError, ShapeError
from minicvt.node import unbroadcast
from minicvt.ops import OPERATIONS

A = np.array([[1.0, 2, 4], [3, 5, 0.5]])
B = np.array([[2.0, 0.3, 7], [1, 9, 6]])


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv"])
def test_operators_take_tensors_arrays_and_numbers_on_either_side(name: str) -> None:
    apply = getattr(operator, name)
    for x, y in ((Tensor(A), B), (A, Tensor(B)), (Tensor(A), Tensor(B))):
        result = apply(x, y)
        assert isinstance(result, Tensor)
        np.testing.assert_array_equal(result.numpy(), apply(A, B))
    np.testing.assert_array_equal(apply(3, Tensor(A)).numpy(), apply(3, A))
    np.testing.assert_array_equal(apply(Tensor(A), 3).numpy(), apply(A, 3))


def test_products_powers_and_signs() -> None:
    for x, y in ((Tensor(A), B.T), (A, Tensor(B.T))):
        np.testing.assert_array_equal((x @ y).numpy(), A @ B.T)
    np.testing.assert_array_equal((Tensor(A) ** 3).numpy(), A**3)
    np.testing.assert_array_equal((-Tensor(A)).numpy(), -A)


def test_an_array_on_the_left_is_one_operation_of_ours() -> None:
    x = Tensor(B, requires_grad=True)
    (A - x).backward(A)
    np.testing.assert_array_equal(x.grad, -A)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_take_the_dtype_of_the_tensor(dtype: str) -> None:
    x = Tensor(A.astype(dtype), requires_grad=True)
    own = A.astype(dtype)
    for y in (2 * x, x + 1, 1 - x, x / 3.0, 1 / x, x**2, x * own, own[0] - x, x.mean()):
        assert y.dtype == dtype
    (2 * x).backward(A)
    assert x.grad.dtype == dtype


def test_dtypes_do_not_mix() -> None:
    x = Tensor(A.astype("float32"))
    for other in (A, Tensor(A), np.float64(2), A.astype(int)):
        with pytest.raises(DtypeError, match="all be float32 or all float64"):
            x * other


def test_a_tensor_is_a_copy() -> None:
    values = A.copy()
    x = Tensor(values)
    values[:] = 0
    np.testing.assert_array_equal(x.numpy(), A)


def test_reading() -> None:
    x = Tensor(A)
    assert (x.shape, x.ndim, x.size, len(x)) == ((2, 3), 2, 6, 2)
    assert Tensor(np.array([[2.5]])).item() == 2.5
    np.testing.assert_array_equal(np.asarray(x), A)
    assert np.asarray(x, dtype="float32").dtype == np.float32
    assert "shape (2, 3), float64" in repr(x)
    assert "made by exp" in repr(ops.exp(Tensor(A, requires_grad=True)))
    with pytest.raises(ShapeError, match=r"one element, got shape \(2, 3\)"):
        x.item()
    with pytest.raises(ShapeError, match="scalar"):
        len(Tensor(np.array(1.0)))


def test_rows_can_be_looped_over_and_unpacked() -> None:
    x = Tensor(A, requires_grad=True)
    first, second = x
    (first * second).backward(np.ones(3))
    np.testing.assert_array_equal(x.grad, A[::-1])


def test_methods() -> None:
    x = Tensor(A)
    np.testing.assert_array_equal(x.reshape(3, -1).numpy(), A.reshape(3, -1))
    np.testing.assert_array_equal(x.transpose().numpy(), A.T)
    np.testing.assert_array_equal(
        x.sum(axis=1, keepdims=True).numpy(), A.sum(1)[:, None]
    )
    np.testing.assert_array_equal(x.mean(axis=0).numpy(), A.mean(0))


@given(data=st.data())
def test_unbroadcast_is_the_adjoint_of_broadcasting(data: Any) -> None:
    """<broadcast(x), d> = <x, unbroadcast(d)> for every shape that broadcasts."""
    drawn = data.draw(
        mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=4)
    )
    shape, result = drawn.input_shapes[0], drawn.result_shape
    rng = np.random.default_rng(0)
    x, d = rng.normal(size=shape), rng.normal(size=result)
    back = unbroadcast(d, shape)
    assert back.shape == shape
    expected = (np.broadcast_to(x, result) * d).sum()
    np.testing.assert_allclose((x * back).sum(), expected, rtol=1e-10, atol=1e-12)


def test_unbroadcast_sums_float32_in_float64() -> None:
    d = np.full((10_000_000, 1), np.float32(0.1))
    assert abs(unbroadcast(d, (1,))[0] / (1e7 * float(np.float32(0.1))) - 1) < 1e-7


def test_every_operation_is_exported_and_documented() -> None:
    for name, run in OPERATIONS.items():
        assert getattr(ops, name) is run
        assert name in ops.__all__
        assert run.__doc__
