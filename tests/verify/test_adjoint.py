"""adjoint_check: every linear operation, and what it says of those that are not."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from minicvt import Tensor, ops
from minicvt.errors import OptionError, WrongGradient
from minicvt.grid import Grid
from minicvt.nn.resampling import METHODS, resample
from minicvt.ops.spec import NOTHING, Spec
from minicvt.verify import adjoint_check
from minicvt.verify.layers import LAYERS
from minicvt.verify.operations import Entry, Sample
from minicvt.verify.registry import REGISTRY

LINEAR = [
    *("add", "subtract", "negative", "where", "sum", "mean"),
    *("reshape", "transpose", "getitem", "concatenate", "pad", "broadcast_to"),
    *("im2col", "col2im", "avg_pool2d"),
    *(
        "split_heads",
        "merge_heads",
        "soft_split",
        "resample",
        "AvgPool",
        "Identity",
        "NoNorm",
    ),
]
"""Linear in each input while all others are zero."""
BILINEAR = ["multiply", "matmul", "linear", "conv2d", "depthwise_conv2d"]


def samples(entry: Entry) -> list[Sample]:
    return [entry.sample(Random(seed)).cast("float64") for seed in range(25)]


def alone(entry: Entry, sample: Sample, position: int) -> Any:
    """The call as a function of one input; all others are zero."""
    zeros = [None if x is None else np.zeros(x.shape) for x in sample.inputs]

    def f(x: Tensor) -> Any:
        inputs = [*zeros[:position], x, *zeros[position + 1 :]]
        return entry.ours(*inputs, **sample.options)

    return f


def without_bias(entry: Entry, sample: Sample) -> Any:
    return lambda x, y: entry.ours(x, y, **sample.options)


@pytest.mark.parametrize("name", LINEAR)
def test_linear_operations(name: str) -> None:
    entry = REGISTRY[name]
    for sample in samples(entry):
        for position, x in enumerate(sample.inputs):
            adjoint_check(alone(entry, sample, position), x, trials=1).check()


@pytest.mark.parametrize("name", BILINEAR)
def test_bilinear_operations(name: str) -> None:
    entry = REGISTRY[name]
    for sample in samples(entry):
        adjoint_check(without_bias(entry, sample), *sample.inputs[:2]).check()


@pytest.mark.parametrize("method", METHODS)
def test_resampled_tables(method: str) -> None:
    old, new = Grid(5, 7, 1), Grid(6, 4, 1)
    adjoint_check(lambda x: resample(x, old, new, method), (1, 36, 3)).check()


def test_im2col_and_col2im_are_each_others_adjoint() -> None:
    window = {"stride": (2, 1), "padding": (1, 0)}
    x, kernel = np.random.default_rng(0).normal(size=(2, 7, 5, 3)), (3, 2)
    leaf = Tensor(x, requires_grad=True)
    columns = ops.im2col(leaf, kernel=kernel, **window)
    y = np.random.default_rng(1).normal(size=columns.shape)
    columns.backward(y)
    back = ops.col2im(y, size=(7, 5), **window)
    np.testing.assert_array_equal(leaf.grad, back.numpy())
    adjoint_check(lambda x: ops.im2col(x, kernel=kernel, **window), x).check()


def test_shapes_stand_for_arrays() -> None:
    report = adjoint_check(lambda x, w: ops.linear(x, w), (3, 4), (2, 4)).check()
    assert {p.input for p in report.probes} == {"x", "w"}
    assert len(report.probes) == 6
    assert adjoint_check(ops.negative, (0, 3)).worst is None


@pytest.mark.parametrize(
    "f", [ops.exp, ops.relu, lambda x: x * x, lambda x: x + 1, ops.softmax]
)
def test_what_is_not_linear_does_not_pass(f: Any) -> None:
    assert not adjoint_check(f, (3, 4)).ok


def test_a_check_of_nothing_does_not_pass() -> None:
    with pytest.raises(OptionError, match="nothing to check, got 0 inputs"):
        adjoint_check(ops.negative)
    with pytest.raises(OptionError, match="1 inputs and 0 trials"):
        adjoint_check(ops.negative, (3,), trials=0)


def _same(x: tuple[int, ...]) -> Spec:
    return Spec(x, NOTHING)


def one_wrong(x: Any) -> Any:
    def pullback(d: Any) -> Any:
        dx = d.copy()
        dx[1, 2] *= -1
        return (dx,)

    return x * 1.0, pullback


def test_a_wrong_entry_is_named() -> None:
    run = ops.operation(_same)(one_wrong)
    try:
        report = adjoint_check(run, (3, 4))
    finally:
        del ops.OPERATIONS["one_wrong"]
    assert {p.along for p in report.probes if p.error > report.tolerance} >= {"[1, 2]"}
    with pytest.raises(WrongGradient, match=r"adjoint_check of one_wrong: .* differ"):
        report.check()


def test_every_layer_without_parameters_that_is_linear_is_here() -> None:
    still = {"NoStem", "Dropout", "DropPath", "cross_entropy"}
    bare = {n for n, e in LAYERS.items() if len(e.sample(Random(0)).inputs) == 1}
    assert bare - still == set(LINEAR) & set(LAYERS)
