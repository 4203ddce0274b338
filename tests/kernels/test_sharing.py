"""Compiled kernels whose rows threads share: the same bits for any number of them."""

from __future__ import annotations

import numpy as np
import pytest

from minicvt import kernels, threads
from tests.kernels.comparing import normal, outputs

pytestmark = pytest.mark.numba

ROWS, CHANNELS, EPS = 900, 21, 1e-5
SLIDE = (2, 1), (1, 1)


def cases():
    """Every kernel that shares, with arguments enough for three threads."""
    x, dy = (normal(i, ROWS, CHANNELS, dtype="float32") for i in (0, 1))
    weight, bias, mean = (normal(i, CHANNELS, dtype="float32") for i in (2, 3, 4))
    row_mean, rstd = (normal(i, ROWS, dtype="float32") for i in (5, 6))
    image, grad = normal(7, 5, 8, 9, 20), normal(8, 5, 4, 9, 20)
    taps, windows = normal(9, 20, 1, 3, 3), normal(10, 5, 4, 9, 3, 3, 20)
    for name in ("gelu", "gelu_tanh", "quick_gelu", "silu", "relu"):
        yield name, (x, bias)
        yield f"{name}_backward", (dy, x, bias)
    yield "layer_norm", (x, weight, bias, EPS)
    yield "layer_norm_backward", (dy, x, weight, row_mean, rstd)
    yield "add_layer_norm", (x, dy, weight, bias, EPS)
    yield "batch_norm", (x, weight, bias, EPS)
    yield "batch_norm_backward", (dy, x, weight, mean, mean**2, EPS)
    yield "batch_norm_eval", (x, weight, bias, mean, mean**2, EPS)
    yield "batch_norm_eval_backward", (dy, x, weight, mean, mean**2, EPS)
    yield "column_sum", (x,)
    yield "im2col", (image, (3, 3), *SLIDE)
    yield "col2im", (windows, (8, 9), *SLIDE)
    yield "depthwise_conv2d", (image, taps, *SLIDE)
    yield "depthwise_conv2d_input_grad", (grad, taps, (8, 9), *SLIDE)
    yield "depthwise_conv2d_weight_grad", (grad, image, (3, 3), *SLIDE)


CASES = dict(cases())


def pieces(monkeypatch):
    """Split whatever there is; return the list that tells in how many pieces."""
    from minicvt.kernels import team

    for module, name in ((threads, "LEAST"), (team, "LEAST"), (team, "WAKING")):
        monkeypatch.setattr(module, name, 1)
    seen, parts = [], threads.parts

    def noted(count, nanoseconds, least=1):
        seen.append(parts(count, nanoseconds, least))
        return seen[-1]

    monkeypatch.setattr(threads, "parts", noted)
    return seen


@pytest.mark.parametrize("name", CASES)
def test_the_bits_are_those_of_one_thread(name, monkeypatch):
    ranges, found = pieces(monkeypatch), {}
    for count in (1, 2, 3):
        with threads.limit(count):
            found[count] = outputs(kernels.KERNELS[name], "numba", *CASES[name])
    assert set(ranges) == {1, 2, 3}
    for count in (2, 3):
        for a, e in zip(found[count], found[1], strict=True):
            np.testing.assert_array_equal(a, e)
