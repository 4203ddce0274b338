"""Kernels: arrays in, arrays out, each with up to three bodies of one equation.

``kernels.im2col(...)`` runs the body that `use` has chosen ("loops", "numpy" or
"numba"); ``kernels.im2col.body("loops")`` is one of them, to put them side by side;
`KERNELS` holds all kernels by name.  Arrays are channels-last, weights are OIHW,
and a kernel trusts its inputs: what does not fit is refused by the operation above.
Results are new arrays; inputs are never written to.
"""

from __future__ import annotations

from minicvt.kernels.select import Kernel, active, use
from minicvt.kernels.unfolding import col2im, im2col

KERNELS = {name: kernel for name, kernel in globals().items() if type(kernel) is Kernel}

__all__ = [
    "KERNELS",
    "Kernel",
    "active",
    "col2im",
    "im2col",
    "use",
]
