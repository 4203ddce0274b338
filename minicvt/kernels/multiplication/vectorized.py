"""Matrix products in NumPy: BLAS at one thread, a part of the result to each of ours.

A part is whole elements of the result: no sum is split, so that a thread count changes
last bits at most.  The longest axis is split.  At 197 rows and 1536 columns two halves
by column take 1.02 times the whole, by row 1.19; at 25,088 rows and 256 columns 1.19
and 0.99.

NumPy's warning of an invalid value is not heard: OpenBLAS reads vectors that end beyond
a small matrix, and what lies there, though it comes into no result, may raise the flag.
"""

from __future__ import annotations

import numpy as np

from minicvt.kernels.types import Array
from minicvt.threads import share

SPEED = 300
"""Bytes of factors that one thread multiplies and adds in a nanosecond, about."""


def matmul(
    a: Array, b: Array, bias: Array | None = None, out: Array | None = None
) -> Array:
    """y = a b + bias."""
    batch = a.shape[:-2]
    if batch != b.shape[:-2]:
        batch = np.broadcast_shapes(batch, b.shape[:-2])
        a = np.broadcast_to(a, (*batch, *a.shape[-2:]))
        b = np.broadcast_to(b, (*batch, *b.shape[-2:]))
    shape = (*batch, a.shape[-2], b.shape[-1])
    y = np.empty(shape, np.result_type(a, b)) if out is None else out
    axis = y.shape.index(max(y.shape))
    columns, rows = axis == y.ndim - 1, axis == y.ndim - 2

    def part(first: int, last: int) -> None:
        some = slice(first, last)
        here = (slice(None),) * axis + (some,)
        out = y[here]
        left = a if columns else a[here]
        right = b if rows else b[here]
        with np.errstate(invalid="ignore"):
            np.matmul(left, right, out=out)
        if bias is not None:
            out += bias[some] if columns else bias

    share(part, y.shape[axis], nanoseconds(y, a.shape[-1]))
    return y


def nanoseconds(y: Array, terms: int) -> float:
    """Estimate what y takes one thread, every element a sum of so many terms."""
    return y.nbytes * terms / SPEED
