"""Matrix products."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from minicvt import kernels
from minicvt.errors import ShapeError
from minicvt.ops.operation import operation
from minicvt.ops.spec import Shape, Spec, bilinear, summed


def rows(x: Any) -> Any:
    """View ``(..., C)`` as ``(N, C)``."""
    return x if x.ndim == 2 else x.reshape(prod(x.shape[:-1]), x.shape[-1])


def _matmul_rule(a: Shape, b: Shape) -> Spec:
    if len(a) < 2 or len(b) < 2 or a[-1] != b[-2]:
        raise ShapeError(f"{a} @ {b} needs (..., n, k) @ (..., k, m)")
    try:
        batch = np.broadcast_shapes(a[:-2], b[:-2])
    except ValueError:
        raise ShapeError(f"batch axes of {a} and {b} do not broadcast") from None
    n, k, m = *a[-2:], b[-1]
    product = {"macs": prod(batch) * n * k * m}
    backward = (
        {**product, **summed(a, (*batch, n, k))},
        {**product, **summed(b, (*batch, k, m))},
    )
    return Spec((*batch, n, m), product, keeps=(0, 1), backward=backward)


@operation(_matmul_rule)
def matmul(a, b):
    """A B over the last two axes; dA = dY B^T, dB = A^T dY."""
    return kernels.matmul(a, b), lambda d: (
        lambda: kernels.matmul(d, b.swapaxes(-1, -2)),
        lambda: kernels.matmul(a.swapaxes(-1, -2), d),
    )


def _linear_rule(x: Shape, weight: Shape, bias: Shape | None) -> Spec:
    if len(weight) != 2 or not x or x[-1] != weight[1]:
        raise ShapeError(f"weight {weight} (out, in) does not fit x {x}")
    if bias not in (None, weight[:1]):
        raise ShapeError(f"bias {bias} should be {weight[:1]}")
    shape = (*x[:-1], weight[0])
    return bilinear(shape, prod(shape) * x[-1], bias)


@operation(_linear_rule)
def linear(x, weight, bias=None):
    """y = x W^T + b on the last axis.

    x ``(..., in)``, weight ``(out, in)``, bias ``(out,)`` or None.
    dx = dy W, dW = dy^T x and db = dy summed over all rows.
    """
    y = kernels.matmul(rows(x), weight.T, bias)

    def pullback(d):
        d = rows(d)
        return (
            lambda: kernels.matmul(d, weight).reshape(x.shape),
            lambda: kernels.matmul(d.T, rows(x)),
            lambda: kernels.column_sum(d),
        )

    return y.reshape(*x.shape[:-1], len(weight)), pullback
