"""Matrix products beside compiled kernels: in blocks of our own, or by BLAS.

BLAS has no place for a bias, which takes a pass of its own; here it is where the sums
begin.  And OpenBLAS is slow where rows, columns or sums are few, as NumPy is for small
products.  GFLOPS in float32, one thread with AVX-512, whatever packing takes included:

===========  ======  =======  =====  ========  ======  ====
product      rows    columns  sums   OpenBLAS  blocks  MKL
===========  ======  =======  =====  ========  ======  ====
x W^T + b    25,088  64       64     93        143     114
x W^T + b    6,272   768      192    149       169     166
x W^T + b    1,576   384      1536   159       168     174
x W^T + b    197     1536     384    126       146     152
x W^T + b    4,096   24       24     53        95      66
dy W         1,576   384      1536   156       160     173
dy W         4,096   48       24     105       135     167
dy^T x       1,536   384      1576   144       153     151
dy^T x       24      48       4096   102       117     172
===========  ======  =======  =====  ========  ======  ====

All products of a training step take 0.94 of OpenBLAS' time in CvT-13 at batch 8, and
0.8 in the hello world.  What is left to BLAS: float64, batches, a few rows or columns,
which would leave most of a block empty, and what is over before it has begun.
"""

from __future__ import annotations

import numpy as np

from minicvt.kernels.jit import frozen
from minicvt.kernels.multiplication import vectorized
from minicvt.kernels.multiplication.blocks import product
from minicvt.kernels.multiplication.registers import FEW, ROWS, WIDE
from minicvt.kernels.multiplication.vectorized import nanoseconds
from minicvt.kernels.multiplication.vectors import FUSED
from minicvt.kernels.types import Array

LEAST = 2**14  # multiply-adds: of fewer most time is Python's, of which NumPy has less


def matmul(
    a: Array, b: Array, bias: Array | None = None, out: Array | None = None
) -> Array:
    """y = a b + bias, in blocks or by BLAS."""
    if a.shape[:-2] == b.shape[:-2] == (1,):
        return matmul(a[0], b[0], bias, None if out is None else out[0])[None]
    if not _suits_blocks(a, b, out):
        return vectorized.matmul(a, b, bias, out)
    (rows, depth), columns = a.shape, b.shape[1]
    y = np.empty((rows, columns), a.dtype) if out is None else out
    start = np.zeros(columns, a.dtype) if bias is None else bias
    given = *_contiguous(a), *_contiguous(b), frozen(start)
    wide = WIDE // y.itemsize
    along = 0 if rows > columns else 1
    strips = -(-columns // wide) if along else -(-rows // ROWS)
    product(strips, nanoseconds(y, depth), y, *given, along)
    return y


def _suits_blocks(a: Array, b: Array, out: Array | None) -> bool:
    return (
        FUSED
        and a.ndim == b.ndim == 2
        and a.dtype == b.dtype == "float32"
        and min(len(a), b.shape[1]) > FEW
        and a.size * b.shape[1] >= LEAST
        and (out is None or out.flags.c_contiguous)
    )


def _contiguous(x: Array) -> tuple[Array, bool]:
    """Return what is contiguous, x or its transpose, and whether it is that."""
    turned = x.flags.f_contiguous and not x.flags.c_contiguous
    return frozen(x.T if turned else x), turned
