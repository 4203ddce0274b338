"""Matrix products beside compiled kernels: BLAS' as well.

The loops body compiled as it stands takes 20 to 50 times as long as BLAS.
"""

from __future__ import annotations

from minicvt.kernels.multiplication.vectorized import matmul

__all__ = ["matmul"]
