"""Matrix products, batched, with a bias: the one way from operations to BLAS.

``compiled`` chooses between BLAS and a product of our own, and shows the measurements
that it does so for; whatever does not suit that falls back to ``vectorized``, which is
BLAS.  Ours is in ``blocks``; under it ``packing`` copies factors into ``panels``,
``registers`` adds up a block of the product, and ``vectors`` are its instructions.
"""

from __future__ import annotations

from minicvt.kernels.multiplication import loops
from minicvt.kernels.select import Kernel

matmul = Kernel(loops.matmul)
