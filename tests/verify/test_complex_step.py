"""Gradients of our operations against the complex step: exact, and no rule of ours.

The NumPy bodies of most operations are analytic and run on complex arrays as they
stand. Then Im f(x + i h v) / h is the derivative to the last digits.
"""

from __future__ import annotations

from inspect import Parameter, signature
from random import Random
from typing import Any

import numpy as np
import pytest

from minicvt import Tensor, kernels
from minicvt.errors import WrongGradient
from minicvt.verify import gradcheck
from minicvt.verify.operations import OPERATIONS, Entry, Sample

NOT_ANALYTIC = {
    "abs": "of a complex number is its length",
    "sigmoid": "scipy's expit takes real numbers",
    "gelu_tanh": "the same",
    "quick_gelu": "the same",
    "silu": "the same",
    "sum": "is accumulated in float64",
    "mean": "the same",
    "batch_norm": "the same",
}
ANALYTIC = [
    entry
    for name, entry in OPERATIONS.items()
    if name not in NOT_ANALYTIC and not entry.several
]
"""What has several results is made of others and takes Tensors alone."""


def forward(entry: Entry, sample: Sample) -> Any:
    """The operation's own function of arrays, without Tensors or their checks."""
    function = entry.ours.__wrapped__
    given = signature(function).parameters.values()
    options = {p.name: p.default for p in given if p.default is not Parameter.empty}
    options = {k: v for k, v in options.items() if k != "bias"} | sample.options

    def f(*arrays: Any) -> Any:
        there = iter(arrays)
        inputs = [None if x is None else next(there) for x in sample.inputs]
        return function(*inputs, **options)[0]

    return f


def backward(entry: Entry, sample: Sample) -> Any:
    def gradient(d: Any, *arrays: Any) -> Any:
        leaves = [Tensor(x, requires_grad=True) for x in arrays]
        output = entry.call(sample)(*leaves)
        (output[0] if isinstance(output, tuple) else output).backward(d)
        return tuple(leaf.grad for leaf in leaves)

    return gradient


def checked(entry: Entry, seed: int) -> Any:
    sample = entry.smooth_sample(Random(seed))
    inputs = [x for x in sample.inputs if x is not None]
    how = {"gradient": backward(entry, sample), "method": "complex step"}
    with kernels.use("numpy"):
        return gradcheck(forward(entry, sample), *inputs, **how)


def check_several(entry: Entry) -> None:
    for seed in range(10):
        report = checked(entry, seed).check()
        assert report.worst is None or report.worst.error <= 1e-13


@pytest.mark.parametrize("entry", ANALYTIC, ids=lambda entry: entry.name)
def test_gradients_are_exact(entry: Entry) -> None:
    check_several(entry)


@pytest.mark.parametrize("name", NOT_ANALYTIC)
def test_what_is_left_out_cannot_be_checked_so(name: str) -> None:
    with pytest.raises((TypeError, np.exceptions.ComplexWarning, WrongGradient)):
        check_several(OPERATIONS[name])
