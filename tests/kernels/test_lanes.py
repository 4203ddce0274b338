"""Lanes in registers: what compiled code does with them is what Python does."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernels.comparing import DTYPES, compiled_only, normal

pytestmark = pytest.mark.numba


@pytest.mark.parametrize("dtype", DTYPES)
def test_arithmetic_is_numpys(dtype):
    from minicvt.kernels import lanes
    from minicvt.kernels.jit import jit_in_place

    x, y = (normal(i, 3, 12, dtype=dtype) for i in (0, 1))
    a, b = x.ravel(), y.ravel()
    expected = np.full((2, 9), 7, dtype)
    expected.ravel()[1:17] = (
        sum(a[at : at + 16] * b[at + 1 : at + 17] for at in (0, 3, 17))
        + a[5:21]
        - b[2:18]
    )
    names = ("add", "flat", "load", "multiply_add", "store", "subtract", "zeros")
    add, flat, load, multiply_add, store, subtract, zeros = (
        getattr(lanes, name) for name in names
    )

    def arithmetic(x, y, out):
        x, y, out = flat(x), flat(y), flat(out)
        total = zeros(x)
        for at in range(3):
            start = 17 if at == 2 else 3 * at
            total = multiply_add(load(x, start), load(y, start + 1), total)
        store(out, 1, subtract(add(total, load(x, 5)), load(y, 2)))

    for function in (arithmetic, jit_in_place(arithmetic)):
        out = np.full((2, 9), 7, dtype)
        function(x, y, out)
        np.testing.assert_allclose(out, expected, rtol=0, atol=1e-6)
        assert out[0, 0] == out[1, 8] == 7


@compiled_only
def test_wide_loops_take_the_widest_vectors():
    from llvmlite import binding
    from numba import njit

    from minicvt.kernels.intrinsics import wide

    def doubled(x):
        wide()
        for i in range(x.size):
            x[i] += x[i]

    x, compiled = np.arange(1001.0), njit(doubled)
    compiled(x)
    np.testing.assert_array_equal(x, 2 * np.arange(1001))
    (assembly,) = compiled.inspect_asm().values()
    avx_512 = binding.get_host_cpu_features().get("avx512f", False)
    assert ("zmm" in assembly) == avx_512
