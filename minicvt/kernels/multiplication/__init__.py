"""Matrix products, batched, with a bias: the one way from operations to BLAS."""

from __future__ import annotations

from minicvt.kernels.multiplication import loops
from minicvt.kernels.select import Kernel

matmul = Kernel(loops.matmul)
