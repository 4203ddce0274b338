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
from numba.core import cgutils
from numba.extending import overload
from numpy.polynomial import Chebyshev, Polynomial
from numpy.polynomial.chebyshev import chebpts1

from minicvt.kernels.instructions import instruction
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


def horner(coefficients: Any, x: Any) -> Any:
    """Return the polynomial in x; the coefficient of the highest power comes first."""
    total = coefficients[0]
    for coefficient in coefficients[1:]:
        total = total * x + coefficient
    return total


def _horner(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    (coefficients, x), flags = values, tuple(FUSED)
    total, *others = cgutils.unpack_tuple(builder, coefficients)
    for coefficient in others:
        total = builder.fadd(builder.fmul(total, x, flags), coefficient, flags)
    return total


instruction(horner, lambda coefficients, x: x, _horner)


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
    return horner(EXP, r) * first * second


ZERO, ONE = _constants(0, 1)
# Scales what may be subnormal to where float32 has all its digits, and back.
LARGE, SMALL = 2.0**64, np.float32(2.0**-64)


def _exp2_polynomial() -> tuple[np.float32, ...]:
    """Interpolate 2^f for |f| <= 1/2."""
    polynomial = Chebyshev.interpolate(np.exp2, 6, domain=[-0.5, 0.5])
    return _constants(*polynomial.convert(kind=Polynomial).coef[::-1])


EXP2 = _exp2_polynomial()


@helper(fastmath=FUSED)
def _exp2(f: Any, shifted: Any) -> Any:
    """Return 2^(f + n) for |f| <= 1/2; n is in the last bits of a number ROUND + n."""
    power = np.int32(float_to_bits(shifted) << np.int32(23))
    return bits_to_float(np.int32(float_to_bits(horner(EXP2, f)) + power))


def sigmoid(x: Any) -> Any:
    """Return the logistic function, 1 / (1 + e^-x); within 3 units."""
    e = exp(-abs(x))
    return (1 if x > 0 else e) / (1 + e)


# Beyond these the logistic function is 0 and 1.
LEAST, MOST = _constants(-104, 40)
LOG2_E_LOW = np.float32(math.log2(math.e) - float(LOG2_E))
ROUND_SMALL = np.float32(ROUND - 64)


@_in_float32(sigmoid)
def _sigmoid(x: Any) -> Any:
    """2^-64 / (2^-64 + 2^(-64 - x log2 e)): one branch for both signs."""
    x = min(max(x, LEAST), MOST)
    shifted = ROUND_SMALL - x * LOG2_E
    f = fma(-x, LOG2_E, ROUND_SMALL - shifted) - x * LOG2_E_LOW
    return SMALL / (SMALL + _exp2(f, shifted))


def gelu(x: Any) -> Any:
    """Return x Phi(x), Phi(x) = (1 + erf(x / sqrt 2)) / 2; within 6 units."""
    return x * math.erfc(-x / math.sqrt(2)) / 2


def gelu_slope(x: Any) -> Any:
    """Return Phi(x) + x phi(x), phi(x) = exp(-x^2 / 2) / sqrt(2 pi); within 6 units.

    Near -0.75, where it is 0, within as many units of Phi(x).
    """
    density = math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return math.erfc(-x / math.sqrt(2)) / 2 + x * density


FARTHEST = np.float32(14.75)  # where both are 0 in float32, or 1
HALF_LOG2_E = np.float32(math.log2(math.e) / 2)
ROUND_LARGE = np.float32(ROUND + 64)


@helper(fastmath=FUSED)
def _bell(a: Any) -> Any:
    """Return 2^(64 - a^2 HALF_LOG2_E), about 2^64 e^(-a^2 / 2).

    The rounding of a^2 is made good in first order.
    """
    square = a * a
    lost = fma(a, a, -square)
    shifted = ROUND_LARGE - square * HALF_LOG2_E
    f = fma(-square, HALF_LOG2_E, ROUND_LARGE - shifted) - lost * HALF_LOG2_E
    return _exp2(f, shifted)


Coefficients = tuple[np.float32, ...]


def _beside_bell(
    value: Function, above: int, below: int, slope: float
) -> tuple[Coefficients, Coefficients]:
    """Fit a ratio of polynomials, of these degrees, to value(a) / _bell(a).

    It is equal at as many places as there are coefficients, from 0 to FARTHEST: those
    of Chebyshev in 1 / (1 + slope a), since values fall like 1 / a.
    """
    nearest = 1 / (1 + slope * float(FARTHEST))
    at = chebpts1(above + below + 1)
    a = (2 / (1 + nearest + (1 - nearest) * at) - 1) / slope
    exponents = float(HALF_LOG2_E) * a * a
    ratio = np.array([value(x) for x in a]) * np.exp2(exponents)
    # p(a) - ratio (q(a) - 1) = ratio, linear in the coefficients of p and q.
    powers = np.vander(a, max(above, below) + 1, increasing=True)
    columns = powers[:, : above + 1], -ratio[:, None] * powers[:, 1 : below + 1]
    found = np.linalg.solve(np.hstack(columns), ratio)
    return _constants(*found[above::-1] / LARGE), _constants(*found[:above:-1], 1)


# For x = -a: what x Phi(x) is of x, and the derivative.
TAIL = _beside_bell(lambda a: gelu(-a) / -a, 4, 5, 0.3)
SLOPE = _beside_bell(lambda a: gelu_slope(-a), 5, 4, 0.55)


@_in_float32(gelu)
def _gelu(x: Any) -> Any:
    """-a Phi(-a) for x = -a <= 0, and since Phi(a) = 1 - Phi(-a) a more for x = a."""
    a = min(abs(x), FARTHEST)
    relu = ZERO if x < ZERO else x
    return relu - a * _bell(a) * (horner(TAIL[0], a) / horner(TAIL[1], a))


@_in_float32(gelu_slope)
def _gelu_slope(x: Any) -> Any:
    """For x = a it is 1 less what it is for -a."""
    a = min(abs(x), FARTHEST)
    slope = _bell(a) * (horner(SLOPE[0], a) / horner(SLOPE[1], a))
    return ONE - slope if x > ZERO else slope
