"""The functions of compiled kernels, over the whole range of float32."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from tests.kernels.comparing import NOT_COMPILING

pytestmark = pytest.mark.numba

# What the docstrings promise.
MOST = {"exp": 1, "sigmoid": 3, "gelu": 6, "gelu_slope": 6}
names = pytest.mark.parametrize("name", MOST)


@pytest.fixture(scope="module")
def compiled():
    """The functions of fastmath over an array; Numba is imported here, not above."""
    if NOT_COMPILING:
        pytest.skip("NUMBA_DISABLE_JIT is set")
    from minicvt.kernels import fastmath
    from minicvt.kernels.jit import jit

    def over(name):
        function = getattr(fastmath, name)

        def loop(x):
            y = np.empty_like(x)
            for i in range(x.size):
                y[i] = function(x[i])
            return y

        return jit(loop)

    return {name: over(name) for name in MOST}


def exact(name, x):
    x = x.astype("float64")
    with np.errstate(over="ignore"):
        return {
            "exp": np.exp,
            "sigmoid": special.expit,
            "gelu": lambda x: x.clip(-60) * special.ndtr(x),
            "gelu_slope": slope,
        }[name](x)


def slope(x):
    x = x.clip(-60, 60)
    return special.ndtr(x) + x * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


def units(name, actual, x):
    """Return |error| in units in the last place of float32 at the exact value.

    The slope is 0 somewhere; there the units are those of the cdf in it.
    """
    expected = exact(name, x)
    with np.errstate(over="ignore"):
        nearest = expected.astype("float32")
    finite = np.isfinite(nearest)
    assert (np.isfinite(actual) == finite).all()
    off = np.abs(actual[finite].astype("float64") - expected[finite])
    size = np.abs(nearest[finite])
    if name == "gelu_slope":
        size = np.maximum(size, special.ndtr(x[finite].astype("float64")))
    return off / np.spacing(size.astype("float32"))


def every_size():
    """About 4 million float32: every exponent, both signs, subnormal and infinite."""
    bits = np.arange(0, np.float32(np.inf).view(np.uint32) + 1, 997, dtype=np.uint32)
    x = bits.view(np.float32)
    return np.concatenate([x, -x])


def between(low, high, n=400_000):
    return np.random.default_rng(0).uniform(low, high, n).astype("float32")


@pytest.mark.parametrize(("name", "most"), MOST.items())
def test_error_over_all_of_float32(compiled, name, most):
    x = every_size()
    assert units(name, compiled[name](x), x).max() <= most


@pytest.mark.parametrize(("name", "most"), MOST.items())
def test_error_where_it_matters(compiled, name, most):
    x = between(-15, 15)
    assert units(name, compiled[name](x), x).max() <= most
    x = between(-104, 88.7)
    assert units(name, compiled[name](x), x).max() <= most


@names
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_infinities_zeros_and_nan(compiled, name, dtype):
    # Long enough for the vectorised part of the loop, with an odd one left over.
    x = np.tile(np.array([-np.inf, np.inf, -0.0, 0.0, np.nan], dtype), 41)
    if "gelu" in name and dtype == "float64":
        x = x[~np.isinf(x)]  # infinity times 0, where float32 has the limit
    np.testing.assert_allclose(compiled[name](x), exact(name, x), rtol=1e-7)


def test_subnormal_results_of_exp(compiled):
    x = between(-103.9, -87.4)
    y = compiled["exp"](x)
    assert (y > 0).all()
    assert units("exp", y, x).max() <= 1


@names
def test_float64_is_the_c_librarys(compiled, name):
    x = between(-30, 30, 1000).astype("float64")
    # An exponential of x^2 multiplies the rounding of x by x^2.
    np.testing.assert_allclose(compiled[name](x), exact(name, x), rtol=1e-12)


@names
def test_it_is_plain_python_too(name):
    from minicvt.kernels import fastmath

    x = between(-5, 5, 20).astype("float64")
    plain = [getattr(fastmath, name)(value) for value in x]
    np.testing.assert_allclose(plain, exact(name, x), rtol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_larger_of_two(dtype):
    from minicvt.kernels.intrinsics import larger
    from minicvt.kernels.jit import jit

    def largest(x):
        found = x[0]
        for i in range(x.size):
            found = larger(found, x[i])
        return found

    x = between(-5, 5, 1001).astype(dtype)
    x[13] = np.inf
    assert jit(largest)(x) == np.inf
    assert jit(largest)(x[:13]) == x[:13].max()


def test_what_lies_beyond_the_end_may_be_fetched():
    from minicvt.kernels.intrinsics import prefetch
    from minicvt.kernels.jit import jit
    from minicvt.kernels.lanes import flat

    def total(x):
        size, found, x = x.size, 0.0, flat(x)
        for i in range(size):
            prefetch(x, i + 10**6)
            found += x[i]
        return found

    assert jit(total)(np.arange(10.0)) == 45


@pytest.fixture
def in_python(monkeypatch):
    """The float32 bodies, and that of `exp` where another calls it."""
    from minicvt.kernels import fastmath

    monkeypatch.setattr(fastmath, "exp", fastmath._exp)
    return {name: getattr(fastmath, f"_{name}") for name in MOST}


@names
def test_float32_bodies_are_python_too(in_python, name):
    x = np.concatenate([between(-15, 15, 1500), between(-104, 88.7, 500)])
    y = np.array([in_python[name](value) for value in x])
    assert y.dtype == np.float32
    # Compiled, a multiply-add rounds once; in Python it rounds twice.
    assert units(name, y, x).max() <= 2 * MOST[name]
