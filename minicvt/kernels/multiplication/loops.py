"""Matrix products as plain nested loops."""

from __future__ import annotations

import numpy as np

from minicvt.kernels.types import Array


def matmul(
    a: Array, b: Array, bias: Array | None = None, out: Array | None = None
) -> Array:
    """y[..., i, j] = sum_k a[..., i, k] b[..., k, j] + bias[j].

    (..., n, k) and (..., k, m), whose leading axes broadcast, and (m,) or None, to
    (..., n, m): into ``out``, or a new array.
    """
    n, m, inner = a.shape[-2], b.shape[-1], a.shape[-1]
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a = np.broadcast_to(a, (*batch, n, inner))
    b = np.broadcast_to(b, (*batch, inner, m))
    y = np.empty((*batch, n, m), np.result_type(a, b)) if out is None else out
    for at in np.ndindex(batch):
        for i in range(n):
            for j in range(m):
                total = 0.0 if bias is None else bias[j]
                for k in range(inner):
                    total += a[at][i, k] * b[at][k, j]
                y[at][i, j] = total
    return y
