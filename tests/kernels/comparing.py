"""What the tests of the kernels share: the bodies, random arrays and measures of error.

A kernel's outputs are compared one by one, so everything takes and gives tuples.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
import torch

from minicvt.kernels import Kernel

NUMBA = pytest.param("numba", marks=pytest.mark.numba)
FAST = ("numpy", NUMBA)
BODIES = ("loops", *FAST)
DTYPES = ("float32", "float64")

NOT_COMPILING = os.environ.get("NUMBA_DISABLE_JIT", "0") != "0"
"""As for coverage: what Numba would compile runs as the Python it is written in."""
compiled_only = pytest.mark.skipif(NOT_COMPILING, reason="NUMBA_DISABLE_JIT is set")

fast = pytest.mark.parametrize("body", FAST)
fast_as_compiled = pytest.mark.parametrize(
    "body", ["numpy", pytest.param("numba", marks=[pytest.mark.numba, compiled_only])]
)
bodies = pytest.mark.parametrize("body", BODIES)
dtypes = pytest.mark.parametrize("dtype", DTYPES)


def normal(seed: int, *shape: int, dtype: str = "float64") -> Any:
    """Return normally distributed numbers, the same ones for the same arguments."""
    return np.random.default_rng([seed, *shape]).standard_normal(shape).astype(dtype)


def outputs(kernel: Kernel, body: str, *arguments: Any) -> tuple[Any, ...]:
    """Run one body on read-only arguments; check that every output has their dtype.

    An output that is left out is None.
    """
    frozen = [np.array(a) if isinstance(a, np.ndarray) else a for a in arguments]
    for array in frozen:
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    result = kernel.body(body)(*frozen)
    result = result if isinstance(result, tuple) else (result,)
    assert {r.dtype for r in result if r is not None} == {frozen[0].dtype}
    return result


def error(actual: Any, expected: Any) -> float:
    """Return max |a - b| / max |b|."""
    return distance(actual, expected) / np.max(np.abs(expected))


def distance(actual: Any, expected: Any) -> float:
    """Return max |a - b|, for what may be 0."""
    assert actual.shape == expected.shape
    return np.max(np.abs(actual.astype("float64") - expected), initial=0)


def check_bodies(kernel: Kernel, body: str, tolerance: float, *arguments: Any) -> None:
    """Hold a body against the loops; arguments should be of the order of 1."""
    expected = outputs(kernel, "loops", *arguments)
    actual = outputs(kernel, body, *arguments)
    for a, e in zip(actual, expected, strict=True):
        assert distance(a, e) <= tolerance * max(1, np.max(np.abs(e), initial=0))


def torch_gradients(function: Any, cotangent: Any, *inputs: Any) -> tuple[Any, ...]:
    """Return PyTorch's output and its gradients with respect to all inputs."""
    tensors = [torch.tensor(a, requires_grad=True) for a in inputs]
    y = function(*tensors)
    gradients = torch.autograd.grad(y, tensors, torch.tensor(cotangent))
    return tuple(t.detach().numpy() for t in (y, *gradients))


def check_float32(actual: Any, torchs: Any, expected: Any) -> None:
    """Allow 4 times PyTorch's own rounding error in float32, or 4 units."""
    assert actual.dtype == torchs.dtype == "float32"
    allowed = max(4 * error(torchs, expected), 4 * np.finfo("float32").eps)
    assert error(actual, expected) <= allowed
