"""What nothing tested until `minicvt audit` planted the bug."""

from __future__ import annotations

import numpy as np
import pytest

from minicvt import Tensor, ops
from minicvt.errors import DtypeError, ShapeError
from minicvt.ops import OPERATIONS, Spec, operation


def test_the_gradients_of_a_float32_loss_are_float32() -> None:
    x = Tensor(np.array([1.0, 2.0, 3.0], "float32"), requires_grad=True)
    ops.sum(x * x).backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad, [2, 4, 6])


@pytest.mark.parametrize("dtype", ["float16", "longdouble", "complex128"])
def test_other_floats_are_refused(dtype: str) -> None:
    values = np.ones(2, dtype)
    with pytest.raises(DtypeError, match=f"float32 or float64, got {values.dtype}"):
        Tensor(values)


def test_as_many_elements_do_not_make_a_cotangent() -> None:
    y = Tensor(np.ones((2, 3)), requires_grad=True) * 2.0
    with pytest.raises(ShapeError, match=r"has shape \(3, 2\), tensor has \(2, 3\)"):
        y.backward(np.ones((3, 2)))


def test_an_input_left_out_between_two_moves_no_gradient() -> None:
    @operation(lambda x, scale, shift: Spec(x, {}))
    def affine(x, scale=None, shift=None):
        return x + shift, lambda d: (d, None, 2 * d)

    del OPERATIONS["affine"]
    x, shift = (Tensor(np.ones(3), requires_grad=True) for _ in range(2))
    affine(x, None, shift).backward(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(x.grad, [1, 2, 3])
    np.testing.assert_array_equal(shift.grad, [2, 4, 6])
