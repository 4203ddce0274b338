"""Sums over many rows in float32 accumulate in float64.

Added up in float32, channels-last columns of this length lose three digits or more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minicvt import Tensor, ops

ROWS, CHANNELS = 200_000, 3
X = np.random.default_rng(0).normal(1, 1, (ROWS, CHANNELS)).astype("float32")
# Grows with X, or the weight gradients would be what is left of sums that cancel.
D = X + np.random.default_rng(1).normal(0, 1, X.shape).astype("float32")
ONES = np.full(CHANNELS, 1.5, "float32")


def forward(function: Callable[..., Any]) -> Callable[[str], Any]:
    return lambda dtype: function(X.astype(dtype)).numpy()


def gradient(function: Callable[..., Any]) -> Callable[[str], Any]:
    """Gradient of a vector that all rows share."""

    def run(dtype: str) -> Any:
        shared = Tensor(ONES.astype(dtype), requires_grad=True)
        y = function(X.astype(dtype), shared)
        y = y[0] if isinstance(y, tuple) else y
        y.backward(D.reshape(y.shape))
        return shared.grad

    return run


def eye(like: Tensor) -> Any:
    return np.eye(CHANNELS, dtype=like.dtype)


SUMS = {
    "sum": forward(lambda x: ops.sum(x, axis=0)),
    "mean": forward(lambda x: ops.mean(x, axis=0)),
    "broadcast row": gradient(ops.add),
    "linear bias": gradient(lambda x, b: ops.linear(x, eye(b), b)),
    "conv2d bias": gradient(
        lambda x, b: ops.conv2d(
            x.reshape(1, 400, 500, 3), eye(b)[:, :, None, None], b, padding=0
        )
    ),
    "layer norm weight": gradient(lambda x, w: ops.layer_norm(x, w, w.detach())),
    "layer norm bias": gradient(lambda x, b: ops.layer_norm(x, b.detach(), b)),
    "batch norm weight": gradient(lambda x, w: ops.batch_norm(x, w, w.detach())),
    "batch norm bias": gradient(lambda x, b: ops.batch_norm(x, b.detach(), b)),
    "batch mean": lambda dtype: ops.batch_norm(
        X.astype(dtype), ONES.astype(dtype), ONES.astype(dtype)
    )[1],
    "batch variance": lambda dtype: ops.batch_norm(
        X.astype(dtype), ONES.astype(dtype), ONES.astype(dtype)
    )[2],
}


@pytest.mark.parametrize("name", SUMS)
def test_long_sums_keep_their_digits(name: str) -> None:
    single, double = SUMS[name]("float32"), SUMS[name]("float64")
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    units = np.abs(single - double) / np.spacing(np.abs(double).astype("float32"))
    assert units.max() <= 4


def test_added_up_in_float32_they_would_not() -> None:
    """The bound above is one that matters."""
    naive, double = X.sum(axis=0), X.sum(axis=0, dtype="float64")
    units = np.abs(naive - double) / np.spacing(np.abs(double).astype("float32"))
    assert units.min() > 40
