"""exp, the logistic function and the normal distribution for compiled kernels.

Numba as it comes from PyPI calls the scalar `exp` and `erf` of the C library, element
by element: 2 and 8 ms a million.  In float32 they are polynomials here, without a
branch or a call, so that a loop over them becomes vector instructions (0.4 and 0.8
ms); in float64, which verifies, they are the C library's.  Each function is plain
Python, and inside compiled code has the body for the type of its argument.

Errors are in units in the last place.  Subnormal results, infinities and NaN come out
as they should.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload
from numpy.polynomial import Chebyshev, Polynomial

from minicvt.kernels.intrinsics import bits_to_float, float_to_bits, fma
from minicvt.kernels.jit import helper

# What a compiled function may do to floats.  FUSED: a * b + c in one instruction with
# one rounding, and no more, as a sum in another order would undo ln 2 in two parts.
# ANY_ORDER: sums in any order as well; without it they take one element at a time.
FUSED = {"contract"}
ANY_ORDER = {"contract", "reassoc", "nsz"}

Function = Callable[[Any], Any]


def _in_float32(double: Function) -> Callable[[Function], Function]:
    """Decorate the float32 body of ``double``; compiled code picks it by type."""

    def register(single: Function) -> Function:
        @overload(double, jit_options={"fastmath": FUSED, "error_model": "numpy"})
        def choose(x: Any) -> Function:
            return single if x == types.float32 else double

        return single

    return register


def _constants(*values: float) -> tuple[np.float32, ...]:
    return tuple(np.float32(value) for value in values)


@helper(fastmath=FUSED)
def _horner(coefficients: Any, x: Any) -> Any:
    """Return the polynomial in x; the coefficient of the highest power comes first."""
    total = coefficients[0]
    for coefficient in coefficients[1:]:
        total = total * x + coefficient
    return total


def exp(x: Any) -> Any:
    """Return e^x; in float32 within 1 unit."""
    return math.exp(x)


# Cephes, expf.c: e^r = 1 + r + r^2 p(r) for |r| <= ln(2) / 2.
EXP = _constants(
    1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2,
    1.6666665459e-1, 5.0000001201e-1, 1, 1,
)  # fmt: skip
LOG2_E, LN2_HIGH, LN2_LOW = _constants(math.log2(math.e), 0.693359375, -2.12194440e-4)
# Beyond these e^x is 0 and infinite; between them, two factors 2^n are enough.
LOWEST, HIGHEST = _constants(-104, 89)
# Adding 1.5 * 2^23 rounds a number to an integer, and leaves it in the last bits.
ROUND = np.float32(1.5 * 2**23)


@_in_float32(exp)
def _exp(x: Any) -> Any:
    """e^x = 2^n e^r with n = round(x / ln 2) and r = x - n ln 2, ln 2 in two parts.

    2^n is made by writing n into the bits of the exponent, in two halves, since 2^n
    alone may overflow or be subnormal where the product is neither.
    """
    x = min(max(x, LOWEST), HIGHEST)
    shifted = x * LOG2_E + ROUND
    n = shifted - ROUND
    r = x - n * LN2_HIGH - n * LN2_LOW
    power = np.int32(float_to_bits(shifted) - float_to_bits(ROUND))
    half = power >> 1
    first = bits_to_float(np.int32((half + 127) << 23))
    second = bits_to_float(np.int32((power - half + 127) << 23))
    return _horner(EXP, r) * first * second


ZERO, ONE = _constants(0, 1)


def sigmoid(x: Any) -> Any:
    """Return the logistic function, 1 / (1 + e^-x); within 3 units."""
    e = exp(-abs(x))
    return (1 if x > 0 else e) / (1 + e)


@_in_float32(sigmoid)
def _sigmoid(x: Any) -> Any:
    e = exp(-abs(x))
    return (ONE if x > ZERO else e) / (ONE + e)


def normal(x: Any) -> tuple[Any, Any]:
    """Return the normal cdf and its derivative, the density; within 5 and 4 units.

    Phi(x) = (1 + erf(x / sqrt 2)) / 2 and phi(x) = exp(-x^2 / 2) / sqrt(2 pi).
    """
    density = math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return math.erfc(-x / math.sqrt(2)) / 2, density


FARTHEST = np.float32(14.5)  # where the normal density and its tail are 0 in float32

# e^(-a^2 / 2) = 2^(-K a^2), K in two parts.
K_HIGH = np.float32(math.log2(math.e) / 2)
K_LOW = np.float32(math.log2(math.e) / 2 - float(K_HIGH))


def _power_polynomial() -> tuple[np.float32, ...]:
    """Interpolate 2^f for |f| <= 1/2."""
    polynomial = Chebyshev.interpolate(np.exp2, 6, domain=[-0.5, 0.5])
    return _constants(*polynomial.convert(kind=Polynomial).coef[::-1])


EXP2 = _power_polynomial()
# The bell comes out 2^64 times as large: a normal number wherever its tail is not 0.
BITS = np.int32((64 + 127) << 23)
SMALL = 2.0**-64


@helper(fastmath=FUSED)
def _bell(a: Any) -> Any:
    """Return 2^64 e^(-a^2 / 2), with the rounding of a^2 made good in first order.

    2^(64 - n), n = round(K a^2), is made by writing it into the bits of the exponent.
    """
    square = a * a
    lost = fma(a, a, -square)
    shifted = ROUND - square * K_HIGH
    f = fma(-square, K_HIGH, ROUND - shifted) - square * K_LOW - lost * K_HIGH
    power = np.int32(float_to_bits(shifted) << np.int32(23))
    return _horner(EXP2, f) * bits_to_float(np.int32(BITS + power))


# Phi(-a) e^(a^2 / 2) falls from 1/2 slowly, like 1 / a.  Divided by t = 1 / (1 + s a)
# it is nearly a polynomial in t; s and the degree were tried out.
SLOPE = np.float32(0.4)
DEGREE = 9


def _tail_polynomial() -> tuple[np.float32, ...]:
    """Interpolate Phi(-a) e^(a^2 / 2) / t over t - 1, for a from 0 to FARTHEST."""
    slope = float(SLOPE)

    def tail(t_minus_1: Any) -> Any:
        t = 1 + t_minus_1
        a = (1 / t - 1) / slope
        return np.array([normal(-x)[0] * math.exp(x * x / 2) for x in a]) / t

    farthest = 1 / (1 + slope * float(FARTHEST)) - 1
    polynomial = Chebyshev.interpolate(tail, DEGREE, domain=[farthest, 0])
    coefficients = polynomial.convert(kind=Polynomial).coef[::-1]
    return _constants(*[SMALL * coefficient for coefficient in coefficients])


TAIL = _tail_polynomial()
DENSITY = np.float32(SMALL / math.sqrt(2 * math.pi))


@_in_float32(normal)
def _normal(x: Any) -> Any:
    """Phi(-a) = t p(t - 1) e^(-a^2 / 2) for a = |x|, and Phi(a) = 1 - Phi(-a)."""
    a = min(abs(x), FARTHEST)
    bell = _bell(a)
    t = ONE / (ONE + SLOPE * a)
    tail = t * _horner(TAIL, -SLOPE * a * t) * bell
    return ONE - tail if x > ZERO else tail, bell * DENSITY
