"""Convolutions are linear maps, and some are others in disguise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicvt import Tensor, ops
from minicvt.verify import adjoint_check
from tests.laws.parts import ROUNDING, gradient
from tests.nn.comparing import normal
from tests.oracle import relative_error

CHANNELS = 6
X = normal(2, 7, 8, CHANNELS)

windows = st.fixed_dictionaries(
    {"stride": st.integers(1, 3), "padding": st.integers(0, 2)}
)
kernels = st.tuples(st.integers(1, 4), st.integers(1, 4))


def check_one_map(one: Any, other: Any) -> None:
    """Both functions of x have one value and one gradient."""
    values = [f(Tensor(X)).numpy() for f in (one, other)]
    assert relative_error(*values) <= ROUNDING
    assert relative_error(gradient(one, X), gradient(other, X)) <= ROUNDING


def block_diagonal(weight: Any, groups: int) -> Any:
    """Write ``(O, I/g, kh, kw)`` as ``(O, I, kh, kw)``, zeros between groups."""
    out, depth, *kernel = weight.shape
    dense = np.zeros((groups, out // groups, groups, depth, *kernel))
    for group in range(groups):
        dense[group, :, group] = weight.reshape(groups, -1, depth, *kernel)[group]
    return dense.reshape(out, groups * depth, *kernel)


@given(kernel=kernels, window=windows)
def test_depthwise_is_a_block_diagonal_dense_convolution(
    kernel: tuple[int, int], window: Any
) -> None:
    """D(w) = C(W) where W[o, c] = w[c] if o = c, else 0."""
    weight = normal(CHANNELS, 1, *kernel)
    dense = block_diagonal(weight, CHANNELS)
    check_one_map(
        lambda x: ops.depthwise_conv2d(x, weight, **window),
        lambda x: ops.conv2d(x, dense, **window),
    )


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
@given(kernel=kernels, window=windows)
def test_grouped_is_block_diagonal_too(
    groups: int, kernel: tuple[int, int], window: Any
) -> None:
    """G(w) = C(W) where W is w on the blocks of the diagonal, else 0."""
    weight = normal(12, CHANNELS // groups, *kernel)
    dense = block_diagonal(weight, groups)
    check_one_map(
        lambda x: ops.conv2d(x, weight, groups=groups, **window),
        lambda x: ops.conv2d(x, dense, **window),
    )


@given(kernel=kernels, window=windows)
def test_separable_is_a_dense_convolution_of_rank_one(
    kernel: tuple[int, int], window: Any
) -> None:
    """P D(w) x = C(W) x where W[o, c, u, v] = P[o, c] w[c, u, v]."""
    depthwise, pointwise = normal(CHANNELS, 1, *kernel), normal(4, CHANNELS)
    dense = pointwise[:, :, None, None] * depthwise[None, :, 0]
    check_one_map(
        lambda x: ops.linear(ops.depthwise_conv2d(x, depthwise, **window), pointwise),
        lambda x: ops.conv2d(x, dense, **window),
    )


@given(kernel=kernels, window=windows)
def test_a_convolution_is_one_product_of_unfolded_windows(
    kernel: tuple[int, int], window: Any
) -> None:
    """C(W) x = im2col(x) W^T, windows as rows (u, v, c)."""
    weight = normal(5, CHANNELS, *kernel)
    rows = weight.transpose(0, 2, 3, 1).reshape(5, -1)

    def unfolded(x: Tensor) -> Tensor:
        columns = ops.im2col(x, kernel=kernel, **window)
        return ops.linear(columns.reshape(*columns.shape[:3], -1), rows)

    check_one_map(lambda x: ops.conv2d(x, weight, **window), unfolded)


@given(kernel=kernels, stride=st.integers(2, 3), padding=st.integers(0, 2))
def test_a_stride_takes_every_sth_place(
    kernel: tuple[int, int], stride: int, padding: int
) -> None:
    """C_s(W) x = (C_1(W) x)[::s, ::s]."""
    weight = normal(5, CHANNELS, *kernel)
    check_one_map(
        lambda x: ops.conv2d(x, weight, stride=stride, padding=padding),
        lambda x: ops.conv2d(x, weight, padding=padding)[:, ::stride, ::stride],
    )


LINEAR = {
    "conv2d": (X.shape, (4, 3, 3, 2)),
    "depthwise_conv2d": (X.shape, (CHANNELS, 1, 3, 2)),
    "im2col": (X.shape,),
    "col2im": ((2, 4, 4, 3, 2, CHANNELS),),
    "avg_pool2d": (X.shape,),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "conv2d": {"groups": 2},
    "im2col": {"kernel": (3, 2)},
    "col2im": {"size": (7, 8)},
    "avg_pool2d": {"kernel": (3, 2)},
}


def linear_map(name: str) -> Any:
    options = {"stride": 2, "padding": (1, 0)} | OPTIONS.get(name, {})
    return lambda *inputs: ops.OPERATIONS[name](*inputs, **options)


@pytest.mark.parametrize("name", LINEAR)
def test_linear_in_each_input(name: str) -> None:
    """A(2 x - 3 z) = 2 A(x) - 3 A(z), the other input kept."""
    f, shapes = linear_map(name), LINEAR[name]
    inputs = [normal(*shape) for shape in shapes]
    for i, shape in enumerate(shapes):
        z = normal(*shape, seed=1)

        def at(value: Any, i: int = i) -> Any:
            return f(*[value if j == i else x for j, x in enumerate(inputs)]).numpy()

        expected = 2 * at(inputs[i]) - 3 * at(z)
        assert relative_error(at(2 * inputs[i] - 3 * z), expected) <= ROUNDING


@pytest.mark.parametrize("name", LINEAR)
def test_backward_is_the_adjoint(name: str) -> None:
    """<A x, y> = <x, A' y>, by x and by the weight."""
    report = adjoint_check(linear_map(name), *LINEAR[name])
    assert report.ok, str(report)


def test_with_a_bias_it_is_affine() -> None:
    """C(x + z) + C(0) = C(x) + C(z), and C(x + z) is not C(x) + C(z)."""
    weight, bias, z = normal(4, CHANNELS, 3, 3), normal(4), normal(*X.shape, seed=1)

    def at(x: Any) -> Any:
        return ops.conv2d(x, weight, bias, padding=1).numpy()

    both = at(X) + at(z)
    assert relative_error(at(X + z) + at(np.zeros(X.shape)), both) <= ROUNDING
    assert relative_error(at(X + z), both) > 1e-3
