"""Convolutions are linear maps, with a bias affine ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minicvt import ops
from minicvt.verify import adjoint_check
from tests.laws.parts import ROUNDING
from tests.nn.comparing import normal
from tests.oracle import relative_error

CHANNELS = 6
X = normal(2, 7, 8, CHANNELS)

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
