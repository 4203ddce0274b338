"""The curves of the activations and their slopes, at one number, for compiled loops.

Constants are cast to the ``kind`` of number, as a Python float would turn float32
arithmetic into float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minicvt.kernels.fastmath import FUSED, gelu, gelu_slope, sigmoid
from minicvt.kernels.jit import helper

Curve = Callable[..., Any]

# gelu_tanh is z sigma(u), u = LINEAR z + CUBIC z^3.
LINEAR = 2 * math.sqrt(2 / math.pi)
CUBIC = 0.044715 * LINEAR


def _curve(function: Curve) -> Curve:
    return helper(fastmath=FUSED)(function)


@_curve
def _gated_slope(z: Any, u: Any, u_slope: Any) -> Any:
    """Return the derivative of z sigma(u(z)): sigma' = sigma - sigma^2."""
    s = sigmoid(u)
    return s + z * u_slope * (s - s * s)


@_curve
def _gelu(z: Any, kind: Any) -> Any:
    return gelu(z)


@_curve
def _gelu_slope(z: Any, kind: Any) -> Any:
    return gelu_slope(z)


@_curve
def _gelu_tanh(z: Any, kind: Any) -> Any:
    return z * sigmoid(z * (kind(LINEAR) + kind(CUBIC) * z * z))


@_curve
def _gelu_tanh_slope(z: Any, kind: Any) -> Any:
    u = z * (kind(LINEAR) + kind(CUBIC) * z * z)
    return _gated_slope(z, u, kind(LINEAR) + kind(3 * CUBIC) * z * z)


@_curve
def _quick_gelu(z: Any, kind: Any) -> Any:
    return z * sigmoid(kind(1.702) * z)


@_curve
def _quick_gelu_slope(z: Any, kind: Any) -> Any:
    return _gated_slope(z, kind(1.702) * z, kind(1.702))


@_curve
def _silu(z: Any, kind: Any) -> Any:
    return z * sigmoid(z)


@_curve
def _silu_slope(z: Any, kind: Any) -> Any:
    return _gated_slope(z, z, kind(1))


@_curve
def _relu(z: Any, kind: Any) -> Any:
    return kind(0) if z < 0 else z


@_curve
def _relu_slope(z: Any, kind: Any) -> Any:
    return kind(1) if z > 0 else kind(0)


GELU = _gelu, _gelu_slope
GELU_TANH = _gelu_tanh, _gelu_tanh_slope
QUICK_GELU = _quick_gelu, _quick_gelu_slope
SILU = _silu, _silu_slope
RELU = _relu, _relu_slope
